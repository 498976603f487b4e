// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/engine/engine.h"
#include "sim/plan.h"

namespace madang::sim {

// A publication as a client reads it.
struct SeenMessage {
  std::string data;
  std::uint64_t offset = 0;
  std::string epoch;
};

// What a subscribe reply, or a push of a server-side subscription, says.
struct SeenJoin {
  bool recoverable = false;
  bool positioned = false;
  bool recovered = false;
  bool was_recovering = false;
  std::uint64_t offset = 0;
  std::string epoch;
  std::vector<SeenMessage> messages;
  // What was asked for.
  std::optional<StreamPosition> since;
  bool announcements = false;
};

// One client in one room, from a join to the leave that ends it, as the client saw it.
struct Membership {
  std::size_t client = 0;
  std::string room;
  std::string id;  // of the session
  std::string user;
  bool steady = false;  // the client has read at once whatever there was

  std::string epoch;
  std::uint64_t offset = 0;
  bool announcements = false;
  // It asked to recover from before what it had by then.
  std::uint64_t asked_again_until = 0;
  bool jumps = false;     // recovered in cache mode: what is between is not asked for
  bool caught_up = true;  // it began at the end of the stream, not behind it
  std::vector<std::uint64_t> messages;
  bool deltas = false;  // it reads patches, and `previous` is what they are against
  std::string previous;
  std::map<std::string, bool> others;  // by announcements: who has come (or gone), by key
};

// What must be true of the engine, kept as plainly as can be: who published what, who was given
// what. Everything that contradicts a promise is a failure, and the first one is kept.
class Model {
 public:
  explicit Model(const Plan& plan) : plan_(plan) {}

  // Empty as long as everything is as promised.
  const std::string& failure() const { return failure_; }
  void fail(std::string text);

  const RoomOptions& options(std::string_view room) const;

  // --- Publishers ------------------------------------------------------------------------------
  // Gives the next message its number. `publisher` names a row of publishes into this room whose
  // order counts.
  std::uint64_t next_message(const std::string& room, const std::string& publisher);
  // What clients are to read as message `number`: JSON without line breaks.
  void set_text(std::uint64_t number, std::string text);
  void set_kept(std::uint64_t number, bool kept);
  void set_excluded(std::uint64_t number, std::string client);
  // The engine took it as the repeat of another, or refused it: nobody may ever see it.
  void set_void(std::uint64_t number);
  void set_position(std::uint64_t number, const StreamPosition& position);
  StreamPosition position(std::uint64_t number) const {
    return messages_[number].position.value_or(StreamPosition());
  }
  std::uint64_t accepted() const { return accepted_; }
  void count_accepted() { ++accepted_; }

  // --- Clients ---------------------------------------------------------------------------------
  void joined(Membership& member, const SeenJoin& join);
  void received(Membership& member, const SeenMessage& message);
  void announced(Membership& member, bool join, const std::string& client, const std::string& user);
  // A page of history that a client or the host was given.
  void read_history(const std::string& room, const std::vector<SeenMessage>& page, bool reverse);

  // --- The end ---------------------------------------------------------------------------------
  // The lanes have nothing to do, and who reads at once has read everything.
  void check_readers(Engine& engine, const std::vector<const Membership*>& members);
  // Nothing is under way and everybody has read everything. `members` are those of clients that
  // are still there.
  void check_quiet(Engine& engine, const std::vector<const Membership*>& members);
  // All that was received fits one order of each room, and nothing is missing in it.
  void check_orders();
  static std::string account(const EngineCounters& counters);
  void check_account(const EngineCounters& counters, std::string_view when);

 private:
  struct Message {
    std::string room;
    std::string text;
    std::optional<StreamPosition> position;
    std::optional<std::string> excluded;  // client
    std::optional<bool> kept;
    bool is_void = false;
    bool seen = false;
  };
  using Place = std::pair<std::string, std::uint64_t>;  // epoch, offset

  std::optional<std::uint64_t> number_of(std::string_view room, const SeenMessage& message);
  bool chains(std::string_view room) const;
  bool reads_all(const Membership& member) const;
  // Offsets above `member.offset` and below `end` passed this client by: only its own may.
  void check_passed_by(const Membership& member, std::uint64_t end);
  void check_passed_by_all();
  void bind_place(const std::string& room, const std::string& epoch, std::uint64_t offset,
                  std::uint64_t number);
  void check_presence(Engine& engine, const RoomPlan& room,
                      const std::vector<const Membership*>& members);
  void check_position(Engine& engine, const Membership& member);
  void check_announced(const Membership& member, const std::vector<const Membership*>& members);

  const Plan& plan_;
  std::string failure_;
  std::vector<Message> messages_;
  std::uint64_t accepted_ = 0;

  struct PassedBy {
    std::string room;
    Place place;
    std::string client;

    friend auto operator<=>(const PassedBy&, const PassedBy&) = default;
  };

  std::map<std::string, std::map<Place, std::uint64_t>> places_;  // by room
  std::set<PassedBy> passed_by_;  // at places whose message was not known then
  std::map<std::pair<std::size_t, std::string>, std::set<std::uint64_t>> seen_;  // client and room
  std::map<std::pair<std::size_t, std::string>, Place> latest_;  // that a client has in a room
  // Rows of messages that are in the order of their room: what publishers sent, what clients read.
  std::map<std::pair<std::string, std::string>, std::vector<std::uint64_t>> rows_;
  // In rooms that lose nothing: which message was read right after which.
  std::map<std::uint64_t, std::uint64_t> next_;
};

}  // namespace madang::sim
