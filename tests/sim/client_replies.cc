// SPDX-License-Identifier: Apache-2.0

// What a client reads: answers to its commands, and pushes.

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "madang/base/fossil_delta.h"
#include "sim/client.h"
#include "sim/json_view.h"
#include "sim/world.h"

namespace madang::sim {
namespace {

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
  member.deltas = flag_in(result, "delta");
  const bool agreed = !server_side && wants_deltas(room) && world_.model().options(room).delta;
  if (member.deltas != agreed) {
    world_.model().fail(
        fmt::format("client {} is told the wrong about deltas of {}", index_, room));
  }
  simdjson::dom::array publications;
  if (result.at_key("publications").get(publications) == simdjson::SUCCESS) {
    for (const auto publication : publications)
      join.messages.push_back(message_of(Object(publication), member));
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

SeenMessage Client::message_of(const Object& publication, Membership& member) {
  SeenMessage message = message_of(publication);
  const bool is_patch = flag_in(publication, "delta");
  if (!member.deltas) {
    if (is_patch) world_.model().fail(fmt::format("client {} never asked for deltas", index_));
    return message;
  }
  message.data = text_in(publication, "data");
  if (is_patch) {
    auto data = apply_fossil_delta(member.previous, message.data, 1'000'000);
    if (!data.ok()) {
      world_.model().fail(fmt::format("client {} can not apply a patch in {}: {}", index_,
                                      member.room, data.status().ToString()));
      return message;
    }
    message.data = *std::move(data);
  }
  member.previous = message.data;
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
    return world_.model().received(member->second, message_of(*publication, member->second));
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
