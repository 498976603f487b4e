// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "madang/testing/memory_transport.h"
#include "sim/model.h"

namespace madang::sim {

class World;

// How many room messages are in what a client was sent.
std::size_t count_messages(std::string_view frame);

// One connection of a client: what dies with it.
struct Link {
  explicit Link(std::size_t its_lane, std::size_t window_bytes)
      : lane(its_lane), transport(std::make_shared<MemoryTransport>(window_bytes)) {}

  enum class Asked : std::uint8_t {
    kConnect,
    kSubscribe,
    kUnsubscribe,
    kPublish,
    kPresence,
    kStats,
    kHistory,
    kRpc,
  };
  struct Pending {
    Asked asked;
    std::string room;
    SeenJoin join;             // of a subscribe: what it asked for
    std::uint64_t number = 0;  // of a publish
    bool reverse = false;      // of a history
  };

  const std::size_t lane;
  const std::shared_ptr<MemoryTransport> transport;
  std::string name;     // of this publisher
  std::string id_text;  // of the session
  std::uint32_t last_id = 0;
  std::map<std::uint32_t, Pending> pending;
  bool connected = false;
  bool unusable = false;  // its connect was refused
  std::map<std::string, Membership> memberships;
  std::size_t messages_read = 0;  // publications, in pushes and in replies
};

// A person with a stock SDK and a bad line: connects, joins, publishes, stalls, vanishes, comes
// back and recovers, in an order drawn by lot, and tells the model all it reads.
class Client {
 public:
  Client(World& world, std::size_t index, bool steady);

  std::size_t index() const { return index_; }
  const std::string& user() const { return user_; }
  // Where its next turn must run. Drawn anew for each connection.
  std::size_t lane() const { return next_lane_; }

  bool turn_posted = false;  // the world's

  // Reads what has come, answers it, and perhaps does something of its own.
  void turn();
  // The same without anything new, and with a line that is good again. If it `comes_back` it
  // connects, and joins again where it was.
  void calm_turn(bool comes_back);
  // Reads and answers what has come, if it is one that reads at once.
  void steady_turn();
  // Leaves without a word to anybody but the socket.
  void go();
  // Its rooms, as it sees them.
  std::vector<const Membership*> memberships() const;
  const Link* link() const { return link_.get(); }

 private:
  // What an SDK remembers of a room while it is away.
  struct Place {
    bool wanted = false;
    bool server_side = false;
    bool recoverable = false;
    StreamPosition position;
  };

  // All there is, or a part.
  void read(bool whole);
  void act();
  void connect();
  void lose_link();

  void vanish();
  void ask(Link::Pending pending, const std::string& command);
  void flush();
  bool asks_for(const std::string& room) const;
  bool wants_deltas(const std::string& room) const { return (index_ + room.back()) % 3 != 0; }
  void subscribe_to(const std::string& room, bool recover);
  void unsubscribe(const std::string& room);
  void publish(const std::string& room);
  void ask_room(const std::string& room);

  void handle(std::string_view frame);
  void handle_reply(std::uint32_t id, const simdjson::dom::object& reply);
  void handle_push(const simdjson::dom::object& push);
  void connected(const simdjson::dom::object& result);
  void subscribed(const std::string& room, SeenJoin join, const simdjson::dom::object& result,
                  bool server_side);
  void unsubscribed(const std::string& room);
  void refused(const Link::Pending& pending, std::uint64_t code);
  void told_to_leave(const std::string& room, std::uint64_t code);
  void got_history(const Link::Pending& pending, const simdjson::dom::object& result);
  void got_presence(const std::string& room, const simdjson::dom::object& result);
  SeenMessage message_of(const simdjson::dom::object& publication);
  // The same for a member, which may have to make the data out of a patch.
  SeenMessage message_of(const simdjson::dom::object& publication, Membership& member);

  World& world_;
  const std::size_t index_;
  const bool steady_;  // reads at once whatever there is
  const std::string user_;

  std::size_t next_lane_ = 0;
  std::unique_ptr<Link> link_;
  std::string outgoing_;
  bool stalled_ = false;
  std::map<std::string, Place> places_;
  std::size_t links_ = 0;
};

}  // namespace madang::sim
