// SPDX-License-Identifier: Apache-2.0
#include "sim/client.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "sim/world.h"

namespace madang::sim {
Client::Client(World& world, std::size_t index, bool steady)
    : world_(world),
      index_(index),
      steady_(steady),
      user_(world.chance(15) ? "" : world.any_user()),
      next_lane_(world.draw().below(world.plan().lanes)) {}

// --- A turn --------------------------------------------------------------------------------------

void Client::turn() {
  if (link_ == nullptr) {
    if (world_.chance(40)) connect();
    return;
  }
  link_->transport->pump();
  if (!stalled_) read(steady_ || world_.chance(80));
  if (link_ == nullptr) return;
  if (stalled_) {
    if (world_.chance(12)) stalled_ = false;
    return;
  }
  act();
  flush();
}

void Client::calm_turn(bool comes_back) {
  stalled_ = false;
  if (link_ == nullptr) {
    if (comes_back) connect();
    return;
  }
  link_->transport->pump();
  read(true);
  if (link_ == nullptr || !comes_back || !link_->connected) return;
  for (const auto& [room, place] : places_) {
    if (place.wanted && !link_->memberships.contains(room) && !asks_for(room)) {
      subscribe_to(room, place.recoverable);
    }
  }
  flush();
}

void Client::steady_turn() {
  if (link_ == nullptr || !steady_) return;
  link_->transport->pump();
  read(true);
}

void Client::read(bool whole) {
  MemoryTransport& transport = *link_->transport;
  whole = whole || transport.ended();
  const auto bytes = whole ? MemoryTransport::kEndlessBytes : 1 + world_.draw().below(300);
  for (const auto& frame : transport.read(bytes))
    handle(frame);
  if (transport.write_failed() && !transport.ended()) transport.hang_up(kWriteError);
  if (transport.ended()) lose_link();
}

void Client::act() {
  const auto lot = world_.draw().below(100);
  const std::string& room = world_.any_room();
  if (lot < 3) return vanish();
  if (lot < 6) return link_->transport->hang_up(), lose_link();
  if (lot < 14 && !steady_) {
    stalled_ = true;
    return;
  }
  if (lot == 14 && !steady_) return link_->transport->fail_next_write();
  if (link_->unusable) return link_->transport->hang_up(), lose_link();
  if (!link_->connected) return;
  if (lot < 45) {
    for (auto burst = 1 + world_.draw().below(3); burst > 0; --burst)
      publish(room);
  } else if (lot < 68) {
    // Now and then for a room it is in, or is about to be in.
    if (!link_->memberships.contains(room) || world_.chance(10)) {
      const bool is_away = !link_->memberships.contains(room) && !asks_for(room);
      subscribe_to(room, is_away && places_[room].recoverable && world_.chance(80));
    }
  } else if (lot < 76) {
    unsubscribe(room);
  } else if (lot < 90) {
    ask_room(room);
  } else if (lot < 95) {
    ask({.asked = Link::Asked::kRpc, .room = {}, .join = {}},
        R"("rpc":{"method":"m","data":{"a":1}})");
  } else if (lot < 97) {
    outgoing_ += "{\"send\":{\"data\":[1]}}\n";
  }
}

void Client::vanish() {
  link_->transport->vanish();
  lose_link();
}

void Client::go() {
  if (link_ == nullptr) return;
  link_->transport->hang_up();
  lose_link();
}

// --- The connection ------------------------------------------------------------------------------

void Client::connect() {
  constexpr std::size_t kWindows[] = {64, 600, 4'096};
  const auto window = steady_ || world_.chance(50) ? MemoryTransport::kEndlessBytes
                                                   : kWindows[world_.draw().below(3)];
  auto link = std::make_unique<Link>(next_lane_, window);
  CloseReason refusal;
  Connection* const connection = world_.engine().attach(
      link->lane, link->transport, centrifuge::make_json_session(), world_.framing(), &refusal);
  if (connection == nullptr)
    return world_.model().fail("attach refused: " + std::string(refusal.text));
  link->transport->bind(connection);
  link->name = fmt::format("{}.{}", index_, links_++);
  link_ = std::move(link);
  stalled_ = false;

  // As the SDKs do it: connect and all subscribes in one message.
  std::string subs;
  for (const auto& [room, place] : places_) {
    if (!place.server_side || !place.recoverable) continue;
    subs += fmt::format(R"({}"{}":{{"recover":true,"offset":{},"epoch":"{}"}})",
                        subs.empty() ? "" : ",", room, place.position.offset, place.position.epoch);
  }
  ask({.asked = Link::Asked::kConnect, .room = {}, .join = {}},
      fmt::format(R"("connect":{{"token":"{}","name":"sim","subs":{{{}}}}})", user_, subs));
  for (const auto& [room, place] : places_) {
    if (place.wanted && !place.server_side) subscribe_to(room, place.recoverable);
  }
  flush();
}

void Client::lose_link() {
  const auto& reason = link_->transport->close_reason();
  const auto code = reason ? reason->code : 0;
  world_.trace(fmt::format("{} lost {} {}", index_, link_->name, code));
  constexpr std::uint32_t kExpected[] = {0,    3005, 3006, 3008, 3009, 3010,
                                         3011, 3012, 3013, 3502, 3503};
  // What follows a refused connect in its message is a bad request.
  const bool refused = (link_->unusable || link_->transport->write_failed()) && code == 3501;
  if (!refused &&
      std::find(std::begin(kExpected), std::end(kExpected), code) == std::end(kExpected)) {
    world_.model().fail(fmt::format("client {} is closed with {}", index_, code));
  }
  while (!link_->memberships.empty())
    unsubscribed(std::string(link_->memberships.begin()->first));
  world_.bury(std::exchange(link_, nullptr));
  outgoing_.clear();
  stalled_ = false;
  next_lane_ = world_.draw().below(world_.plan().lanes);
}

// --- Commands ------------------------------------------------------------------------------------

void Client::ask(Link::Pending pending, const std::string& command) {
  const auto id = ++link_->last_id;
  outgoing_ += fmt::format("{{\"id\":{},{}}}\n", id, command);
  link_->pending.emplace(id, std::move(pending));
}

void Client::flush() {
  if (outgoing_.empty() || link_ == nullptr) return;
  outgoing_.pop_back();
  world_.trace(fmt::format("{}> {}", index_, outgoing_));
  link_->transport->send(std::exchange(outgoing_, {}));
}

bool Client::asks_for(const std::string& room) const {
  return std::any_of(link_->pending.begin(), link_->pending.end(), [&](const auto& entry) {
    return entry.second.asked == Link::Asked::kSubscribe && entry.second.room == room;
  });
}

void Client::subscribe_to(const std::string& room, bool recover) {
  Place& place = places_[room];
  place.wanted = true;
  SeenJoin join;
  std::string members;
  if (recover) {
    join.since = place.position;
    members += fmt::format(R"(,"recover":true,"offset":{},"epoch":"{}")", place.position.offset,
                           place.position.epoch);
  }
  if ((index_ + room.back()) % 2 == 0) {
    join.announcements = true;
    members += R"(,"join_leave":true)";
  }
  if (wants_deltas(room)) members += R"(,"delta":"fossil")";
  ask({.asked = Link::Asked::kSubscribe, .room = room, .join = std::move(join)},
      fmt::format(R"("subscribe":{{"channel":"{}"{}}})", room, members));
}

void Client::unsubscribe(const std::string& room) {
  places_[room].wanted = false;
  ask({.asked = Link::Asked::kUnsubscribe, .room = room, .join = {}},
      fmt::format(R"("unsubscribe":{{"channel":"{}"}})", room));
}

void Client::publish(const std::string& room) {
  const auto number = world_.model().next_message(room, link_->name);
  auto text = fmt::format(R"({{"n":{},"by":"{}","pad":"{}"}})", number, link_->name,
                          std::string(world_.draw().below(world_.chance(5) ? 600 : 60), 'x'));
  ask({.asked = Link::Asked::kPublish, .room = room, .join = {}, .number = number},
      fmt::format(R"("publish":{{"channel":"{}","data":{}}})", room, text));
  world_.model().set_text(number, std::move(text));
}

void Client::ask_room(const std::string& room) {
  const auto lot = world_.draw().below(3);
  if (lot == 0) {
    ask({.asked = Link::Asked::kPresence, .room = room, .join = {}},
        fmt::format(R"("presence":{{"channel":"{}"}})", room));
  } else if (lot == 1) {
    ask({.asked = Link::Asked::kStats, .room = room, .join = {}},
        fmt::format(R"("presence_stats":{{"channel":"{}"}})", room));
  } else {
    const bool reverse = world_.chance(50);
    ask({.asked = Link::Asked::kHistory, .room = room, .join = {}, .reverse = reverse},
        fmt::format(R"("history":{{"channel":"{}","limit":{},"reverse":{}}})", room,
                    static_cast<int>(world_.draw().below(8)) - 1, reverse));
  }
}

}  // namespace madang::sim
