// SPDX-License-Identifier: Apache-2.0
#include "sim/client.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "sim/world.h"

namespace madang::sim {
namespace {

using Object = simdjson::dom::object;

// Members that are absent stand for zero, as the protocol says.
std::uint64_t number_in(const Object& object, std::string_view key) {
  std::uint64_t value = 0;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  return value;
}
bool flag_in(const Object& object, std::string_view key) {
  bool value = false;
  return object.at_key(key).get(value) == simdjson::SUCCESS && value;
}
std::string text_in(const Object& object, std::string_view key) {
  std::string_view value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}
std::optional<Object> object_in(const Object& object, std::string_view key) {
  Object value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

// Takes the first line, as a string because the parser wants room behind it.
std::string next_line(std::string_view& frame) {
  const auto line = frame.substr(0, frame.find('\n'));
  frame.remove_prefix(std::min(frame.size(), line.size() + 1));
  return std::string(line);
}

std::size_t publications_in(const Object& result) {
  simdjson::dom::array publications;
  if (result.at_key("publications").get(publications) != simdjson::SUCCESS) return 0;
  return publications.size();
}

}  // namespace

std::size_t count_messages(std::string_view frame) {
  static simdjson::dom::parser parser;
  std::size_t count = 0;
  while (!frame.empty()) {
    Object object;
    if (parser.parse(next_line(frame)).get(object) != simdjson::SUCCESS) continue;
    if (const auto push = object_in(object, "push")) count += object_in(*push, "pub") ? 1 : 0;
    if (const auto reply = object_in(object, "subscribe")) count += publications_in(*reply);
    const auto connect = object_in(object, "connect");
    if (const auto subs = connect ? object_in(*connect, "subs") : std::nullopt) {
      for (const auto& field : *subs)
        count += publications_in(Object(field.value));
    }
  }
  return count;
}

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

// --- Answers and pushes --------------------------------------------------------------------------

void Client::handle(std::string_view frame) {
  link_->messages_read += count_messages(frame);
  while (!frame.empty() && link_ != nullptr) {
    const std::string line = next_line(frame);
    static simdjson::dom::parser parser;
    Object object;
    if (parser.parse(line).get(object) != simdjson::SUCCESS) {
      return world_.model().fail(fmt::format("client {} can not read {}", index_, line));
    }
    // A map of presence comes in no order.
    if (!object_in(object, "presence")) world_.trace(fmt::format("{}< {}", index_, line));
    if (object.size() == 0) {
      link_->transport->send("{}");
    } else if (const auto push = object_in(object, "push")) {
      handle_push(*push);
    } else {
      handle_reply(static_cast<std::uint32_t>(number_in(object, "id")), object);
    }
  }
}

void Client::handle_reply(std::uint32_t id, const Object& reply) {
  const auto it = link_->pending.find(id);
  if (it == link_->pending.end()) {
    return world_.model().fail(fmt::format("client {} is answered {} twice", index_, id));
  }
  const Link::Pending pending = std::move(it->second);
  link_->pending.erase(it);
  if (const auto error = object_in(reply, "error")) {
    return refused(pending, number_in(*error, "code"));
  }
  constexpr std::string_view kResults[] = {"connect",  "subscribe",      "unsubscribe", "publish",
                                           "presence", "presence_stats", "history",     "rpc"};
  const auto name = kResults[static_cast<std::size_t>(pending.asked)];
  const auto result = object_in(reply, name);
  if (!result) {
    return world_.model().fail(fmt::format("client {} has no {} in reply {}", index_, name, id));
  }
  switch (pending.asked) {
    case Link::Asked::kConnect:
      return connected(*result);
    case Link::Asked::kSubscribe:
      return subscribed(pending.room, pending.join, *result, false);
    case Link::Asked::kUnsubscribe:
      return unsubscribed(pending.room);
    case Link::Asked::kPublish:
      return world_.model().count_accepted();
    case Link::Asked::kPresence:
      return got_presence(pending.room, *result);
    case Link::Asked::kHistory:
      return got_history(pending, *result);
    case Link::Asked::kStats:
    case Link::Asked::kRpc:
      return;
  }
}

void Client::refused(const Link::Pending& pending, std::uint64_t code) {
  if (pending.asked == Link::Asked::kConnect) link_->unusable = true;
  if (pending.asked == Link::Asked::kPublish) world_.model().set_void(pending.number);
  if (pending.asked == Link::Asked::kUnsubscribe && code != 111) {
    world_.model().fail(fmt::format("client {} is refused an unsubscribe: {}", index_, code));
  }
  const bool there_already = code == 105;
  if (pending.asked == Link::Asked::kSubscribe &&
      there_already != link_->memberships.contains(pending.room) && code != 111) {
    world_.model().fail(fmt::format("client {} is answered {} for {}, of which it is {} member",
                                    index_, code, pending.room, there_already ? "no" : "a"));
  }
}

void Client::connected(const Object& result) {
  link_->connected = true;
  link_->id_text = text_in(result, "client");
  std::map<std::string, SeenJoin> since;
  for (auto& [room, place] : places_) {
    if (!std::exchange(place.server_side, false) || !place.recoverable) continue;
    since[room].since = place.position;
  }
  const auto subs = object_in(result, "subs");
  if (!subs) return;
  for (const auto& field : *subs) {
    const std::string room(field.key);
    subscribed(room, since[room], Object(field.value), true);
  }
}

void Client::subscribed(const std::string& room, SeenJoin join, const Object& result,
                        bool server_side) {
  Membership member;
  member.client = index_;
  member.room = room;
  member.id = link_->id_text;
  member.user = user_;
  member.steady = steady_;
  join.recoverable = flag_in(result, "recoverable");
  join.positioned = flag_in(result, "positioned");
  join.recovered = flag_in(result, "recovered");
  join.was_recovering = flag_in(result, "was_recovering");
  join.offset = number_in(result, "offset");
  join.epoch = text_in(result, "epoch");
  simdjson::dom::array publications;
  if (result.at_key("publications").get(publications) == simdjson::SUCCESS) {
    for (const auto publication : publications)
      join.messages.push_back(message_of(Object(publication)));
  }
  const auto [it, is_new] = link_->memberships.emplace(room, std::move(member));
  if (!is_new) {
    return world_.model().fail(fmt::format("client {} joins {} and is in it", index_, room));
  }
  places_[room].server_side = server_side;
  places_[room].recoverable = join.recoverable;
  world_.model().joined(it->second, join);
}

void Client::unsubscribed(const std::string& room) {
  const auto it = link_->memberships.find(room);
  if (it == link_->memberships.end()) return;
  Place& place = places_[room];
  place.position = {it->second.offset, it->second.epoch};
  link_->memberships.erase(it);
}

void Client::got_presence(const std::string& room, const Object& result) {
  const auto presence = object_in(result, "presence");
  if (!presence) return world_.model().fail("a presence reply without presence");
  const auto member = link_->memberships.find(room);
  if (member == link_->memberships.end()) return;
  const auto me = object_in(*presence, member->second.id);
  if (!me || text_in(*me, "user") != user_) {
    world_.model().fail(fmt::format("client {} is in {} and not in its presence", index_, room));
  }
}

void Client::got_history(const Link::Pending& pending, const Object& result) {
  std::vector<SeenMessage> page;
  simdjson::dom::array publications;
  if (result.at_key("publications").get(publications) != simdjson::SUCCESS) {
    return world_.model().fail("a history reply without publications");
  }
  for (const auto publication : publications) {
    page.push_back(message_of(Object(publication)));
    page.back().epoch = text_in(result, "epoch");
  }
  world_.model().read_history(pending.room, page, pending.reverse);
}

SeenMessage Client::message_of(const Object& publication) {
  SeenMessage message;
  simdjson::dom::element data;
  if (publication.at_key("data").get(data) == simdjson::SUCCESS)
    message.data = simdjson::minify(data);
  message.offset = number_in(publication, "offset");
  message.epoch = text_in(publication, "epoch");
  return message;
}

void Client::handle_push(const Object& push) {
  const std::string room = text_in(push, "channel");
  if (object_in(push, "message")) return;
  if (const auto join = object_in(push, "subscribe")) return subscribed(room, {}, *join, true);

  const auto member = link_->memberships.find(room);
  if (member == link_->memberships.end()) {
    return world_.model().fail(fmt::format("client {} is told of {}, which it is not in: {}",
                                           index_, room, simdjson::minify(push)));
  }
  if (const auto publication = object_in(push, "pub")) {
    return world_.model().received(member->second, message_of(*publication));
  }
  if (const auto leave = object_in(push, "unsubscribe")) {
    return told_to_leave(room, number_in(*leave, "code"));
  }
  const auto join = object_in(push, "join");
  const auto change = join ? join : object_in(push, "leave");
  const auto info = change ? object_in(*change, "info") : std::nullopt;
  if (!info) return world_.model().fail("an unknown push: " + std::string(simdjson::minify(push)));
  world_.model().announced(member->second, join.has_value(), text_in(*info, "client"),
                           text_in(*info, "user"));
}

void Client::told_to_leave(const std::string& room, std::uint64_t code) {
  const Membership& member = link_->memberships.at(room);
  if (code == kLeftBehind.code && world_.plan().patient && steady_ && member.caught_up) {
    world_.model().fail(
        fmt::format("client {} reads {} at once and is told of a gap", index_, room));
  }
  unsubscribed(room);
  Place& place = places_[room];
  place.wanted = code >= 2500 && !place.server_side;
  place.server_side = false;
}

std::vector<const Membership*> Client::memberships() const {
  std::vector<const Membership*> all;
  if (link_ == nullptr) return all;
  for (const auto& entry : link_->memberships)
    all.push_back(&entry.second);
  return all;
}

}  // namespace madang::sim
