// SPDX-License-Identifier: Apache-2.0
#include "sim/model.h"

#include <algorithm>
#include <charconv>

#include "fmt/format.h"
#include "madang/testing/answer_now.h"

namespace madang::sim {

void Model::fail(std::string text) {
  if (failure_.empty()) failure_ = std::move(text);
}

const RoomOptions& Model::options(std::string_view room) const {
  const auto it = std::find_if(plan_.rooms.begin(), plan_.rooms.end(),
                               [&](const RoomPlan& plan) { return plan.name == room; });
  return it->options;
}

std::uint64_t Model::next_message(const std::string& room, const std::string& publisher) {
  messages_.push_back({.room = room, .text = {}, .position = {}, .excluded = {}, .kept = {}});
  const auto number = messages_.size() - 1;
  rows_[{room, "from " + publisher}].push_back(number);
  return number;
}

void Model::set_text(std::uint64_t number, std::string text) {
  messages_[number].text = std::move(text);
}
void Model::set_kept(std::uint64_t number, bool kept) { messages_[number].kept = kept; }
void Model::set_excluded(std::uint64_t number, std::string client) {
  messages_[number].excluded = std::move(client);
}
void Model::set_void(std::uint64_t number) {
  messages_[number].is_void = true;
  if (messages_[number].seen) fail(fmt::format("message {} was seen and is refused", number));
}

void Model::set_position(std::uint64_t number, const StreamPosition& position) {
  messages_[number].position = position;
  if (position.offset == 0) return;
  bind_place(messages_[number].room, position.epoch, position.offset, number);
}

void Model::bind_place(const std::string& room, const std::string& epoch, std::uint64_t offset,
                       std::uint64_t number) {
  const auto [it, is_new] = places_[room].try_emplace({epoch, offset}, number);
  if (it->second != number) {
    fail(fmt::format("{} {}/{} is message {} and message {}", room, epoch, offset, it->second,
                     number));
  }
  auto& known = messages_[number].position;
  if (known && (known->offset != offset || known->epoch != epoch)) {
    fail(fmt::format("message {} is at {} and at {}", number, known->offset, offset));
  }
  known = StreamPosition{offset, epoch};
}

std::optional<std::uint64_t> Model::number_of(std::string_view room, const SeenMessage& message) {
  constexpr std::string_view kStart = "{\"n\":";
  std::uint64_t number = messages_.size();
  if (message.data.starts_with(kStart)) {
    std::from_chars(message.data.data() + kStart.size(), message.data.data() + message.data.size(),
                    number);
  }
  if (number >= messages_.size() || messages_[number].room != room ||
      messages_[number].text != message.data) {
    fail(fmt::format("in {} nobody published {}", room, message.data));
    return std::nullopt;
  }
  Message& known = messages_[number];
  known.seen = true;
  if (!known.kept) fail(fmt::format("message {} is seen before the host has taken it", number));
  if (known.is_void) fail(fmt::format("message {} was refused and is seen in {}", number, room));
  const bool may_have_offset = options(room).has_positions() && known.kept.value_or(true);
  const bool may_have_none = !options(room).has_positions() || !known.kept.value_or(false);
  if (message.offset > 0 ? !may_have_offset : !may_have_none) {
    fail(fmt::format("message {} in {} has offset {}", number, room, message.offset));
  }
  return number;
}

void Model::joined(Membership& member, const SeenJoin& join) {
  const RoomOptions& room = options(member.room);
  const bool positions = room.has_positions();
  if (join.recoverable != positions || join.positioned != positions ||
      join.epoch.empty() == positions) {
    return fail(fmt::format("client {} joins {} with a position of the wrong kind", member.client,
                            member.room));
  }
  member.epoch = join.epoch;
  member.offset = join.offset;
  member.announcements = join.announcements;
  member.caught_up = !join.recovered;
  if (join.was_recovering != (positions && join.since.has_value())) {
    fail(fmt::format("client {} in {}: was_recovering is wrong", member.client, member.room));
  }
  if (!join.recovered) {
    latest_[{member.client, member.room}] = {join.epoch, join.offset};
    if (!join.messages.empty()) fail("messages come with a join that was not recovered");
    const bool had_all = join.since && positions && join.since->epoch == join.epoch &&
                         join.since->offset == join.offset;
    if (had_all && room.recovery == RecoveryMode::kStream) {
      fail(fmt::format("client {} had all of {} and is not recovered", member.client, member.room));
    }
    return;
  }
  if (!join.since || join.offset != join.since->offset ||
      (!join.since->epoch.empty() && join.since->epoch != join.epoch)) {
    return fail(fmt::format("client {} in {} is recovered from elsewhere than it asked",
                            member.client, member.room));
  }
  if (room.recovery == RecoveryMode::kCache) {
    if (join.messages.size() > 1) fail("more than the latest message in cache mode");
    member.jumps = true;
  }
  const Place latest = latest_[{member.client, member.room}];
  if (latest.first == join.epoch) member.asked_again_until = latest.second;
  for (const auto& message : join.messages)
    received(member, message);
}

void Model::received(Membership& member, const SeenMessage& message) {
  const auto number = number_of(member.room, message);
  if (!number) return;
  const auto who = [&] {
    return fmt::format("client {} in {} at {} reads message {} (offset {})", member.client,
                       member.room, member.offset, *number, message.offset);
  };
  if (messages_[*number].excluded == member.id) fail(who() + " though it is excluded");

  if (message.offset > 0) {
    if (message.offset <= member.offset) fail(who() + " out of order");
    check_passed_by(member, message.offset);
    bind_place(member.room, member.epoch, message.offset, *number);
    if (!message.epoch.empty() && message.epoch != member.epoch) fail(who() + " of another epoch");
    member.offset = message.offset;
    member.jumps = false;
    if (message.offset <= member.asked_again_until) return;
    latest_[{member.client, member.room}] = {member.epoch, message.offset};
  } else if (member.offset < member.asked_again_until) {
    return;
  }
  if (!seen_[{member.client, member.room}].insert(*number).second) {
    // What is not kept has no place that a client could recover from.
    if (message.offset == 0 && !member.caught_up) return;
    fail(who() + " twice");
  }
  if (chains(member.room) && !member.messages.empty()) {
    const auto before = member.messages.back();
    const auto next = next_.try_emplace(before, *number).first->second;
    if (next != *number) {
      fail(who() + fmt::format(" after {}, where somebody else reads {}", before, next));
    }
  }
  member.messages.push_back(*number);
  // A client may recover later, by another session, what its earlier session was not to get.
  if (messages_[*number].excluded) return;
  rows_[{member.room, fmt::format("to {}", member.client)}].push_back(*number);
}

// Whether each message of the room is read right after the same one by everybody: no offset would
// show a gap, and none is allowed.
bool Model::chains(std::string_view room) const {
  return !options(room).has_positions() &&
         (options(room).slow_consumer == SlowConsumer::kDisconnect ||
          options(room).slow_consumer == SlowConsumer::kResubscribe);
}

void Model::check_passed_by(const Membership& member, std::uint64_t end) {
  if (member.jumps) return;
  for (auto offset = member.offset + 1; offset < end; ++offset) {
    const Place place{member.epoch, offset};
    const auto& places = places_[member.room];
    const auto known = places.find(place);
    if (known == places.end()) {
      passed_by_.insert({member.room, place, member.id});
    } else if (messages_[known->second].excluded != member.id) {
      return fail(fmt::format("client {} in {} has {} and then {}: {} is missing", member.client,
                              member.room, member.offset, end, offset));
    }
  }
}

// Whether a member certainly gets every announcement: it is never behind, and the room never has
// too many members to announce.
bool Model::reads_all(const Membership& member) const {
  const RoomOptions& room = options(member.room);
  return plan_.patient && member.steady && member.caught_up &&
         room.announce_members_max > plan_.clients &&
         room.slow_consumer != SlowConsumer::kDropOldest &&
         room.slow_consumer != SlowConsumer::kKeepLatest;
}

void Model::announced(Membership& member, bool join, const std::string& client,
                      const std::string& user) {
  const RoomOptions& room = options(member.room);
  if (room.announce == Announce::kNever || (!member.announcements && !room.announce_to_all)) {
    return fail(fmt::format("client {} is told of {} in {} and did not ask", member.client, client,
                            member.room));
  }
  const bool by_user = room.announce == Announce::kByUser && !user.empty();
  const std::string key = by_user ? user + "/" + client : client;
  const auto [it, is_new] = member.others.try_emplace(key, join);
  if (reads_all(member) && !is_new && it->second == join) {
    fail(fmt::format("client {} is told twice running that {} has {} {}", member.client, key,
                     join ? "come to" : "left", member.room));
  }
  it->second = join;
}

void Model::read_history(const std::string& room, const std::vector<SeenMessage>& page,
                         bool reverse) {
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto number = number_of(room, page[i]);
    if (!number) return;
    if (i > 0 && page[i].offset != page[i - 1].offset + (reverse ? -1 : 1)) {
      fail(fmt::format("history of {} has {} after {}", room, page[i].offset, page[i - 1].offset));
    }
    bind_place(room, page[i].epoch, page[i].offset, *number);
  }
}

void Model::check_readers(Engine& engine, const std::vector<const Membership*>& members) {
  std::map<std::string, std::uint64_t> newest;
  for (const auto* member : members) {
    if (!member->steady) continue;
    check_position(engine, *member);
    if (!chains(member->room) || member->messages.empty()) continue;
    const auto last = newest.try_emplace(member->room, member->messages.back()).first->second;
    if (last == member->messages.back()) continue;
    fail(fmt::format("client {} has read {} up to {}, and others up to {}", member->client,
                     member->room, member->messages.back(), last));
  }
}

void Model::check_quiet(Engine& engine, const std::vector<const Membership*>& members) {
  check_account(engine.counters_now(), "in the end");
  for (const auto& room : plan_.rooms)
    check_presence(engine, room, members);
  for (const auto* member : members) {
    check_position(engine, *member);
    check_announced(*member, members);
  }
}

void Model::check_presence(Engine& engine, const RoomPlan& room,
                           const std::vector<const Membership*>& members) {
  if (!room.options.presence) return;
  std::set<std::string> expected;
  std::set<std::string> users;
  for (const auto* member : members) {
    if (member->room != room.name) continue;
    expected.insert(fmt::format("{}={}", member->id, member->user));
    users.insert(member->user.empty() ? member->id : member->user);
  }
  std::set<std::string> told;
  const auto presence = engine.presence(room.name);
  if (presence.ok()) {
    for (const auto& info : *presence) {
      told.insert(fmt::format("{}={}", info->client.text(), info->user.view()));
    }
  } else if (!absl::IsNotFound(presence.status()) || !expected.empty()) {
    return fail(fmt::format("presence of {}: {}", room.name, presence.status().ToString()));
  }
  if (told != expected) {
    return fail(fmt::format("presence of {} is {} and {} are members", room.name,
                            fmt::join(told, " "), fmt::join(expected, " ")));
  }
  const auto stats = engine.presence_stats(room.name);
  if (!stats.ok()) return;
  if (stats->sessions != expected.size() || stats->users != users.size()) {
    fail(fmt::format("presence of {} counts {} sessions and {} users", room.name, stats->sessions,
                     stats->users));
  }
}

void Model::check_position(Engine& engine, const Membership& member) {
  if (!options(member.room).has_positions()) return;
  const auto history = testing::answer_now<HistoryResult>(
      [&](Callback<HistoryResult> done) { engine.history(member.room, {}, std::move(done)); });
  if (!history.ok()) return fail("no history: " + history.status().ToString());
  if (history->position.epoch != member.epoch || history->position.offset < member.offset) {
    return fail(fmt::format("client {} in {} is at {}/{}, the room at {}/{}", member.client,
                            member.room, member.epoch, member.offset, history->position.epoch,
                            history->position.offset));
  }
  check_passed_by(member, history->position.offset + 1);
}

void Model::check_announced(const Membership& member,
                            const std::vector<const Membership*>& members) {
  const RoomOptions& room = options(member.room);
  if (!reads_all(member)) return;
  for (const auto& [key, here] : member.others) {
    bool found = false;
    for (const auto* other : members) {
      if (other->room != member.room) continue;
      const bool by_user = room.announce == Announce::kByUser && !other->user.empty();
      // A user is known by the session it came with, which may have gone before others of its.
      found = found || (by_user ? key.starts_with(other->user + "/") : key == other->id);
    }
    const bool user_is_here_by_another = !here && room.announce == Announce::kByUser;
    if (found != here && !(found && user_is_here_by_another)) {
      return fail(fmt::format("client {} was told that {} has {} {}", member.client, key,
                              here ? "come to" : "left", member.room));
    }
  }
}

void Model::check_passed_by_all() {
  // What passed clients by must have been excluded for them; where nobody else read it, it is one
  // of theirs whose place never became known.
  std::map<std::string, std::size_t> unknown;
  for (const auto& [room, place, client] : passed_by_) {
    const auto known = places_[room].find(place);
    if (known == places_[room].end()) {
      ++unknown[client];
    } else if (messages_[known->second].excluded != client) {
      return fail(fmt::format("{} at {} was never read by {}", room, place.second, client));
    }
  }
  for (const auto& message : messages_) {
    if (!message.excluded || message.position) continue;
    const auto it = unknown.find(*message.excluded);
    if (it != unknown.end() && it->second > 0) --it->second;
  }
  for (const auto& [client, count] : unknown) {
    if (count > 0) return fail(fmt::format("{} never read {} messages", client, count));
  }
}

void Model::check_orders() {
  check_passed_by_all();
  // Each row is a chain of a graph; there is one order for all of them if it has no circle.
  for (const auto& [room, places] : places_) {
    std::map<std::string, std::vector<std::uint64_t>> epochs;
    for (const auto& [place, number] : places)
      epochs[place.first].push_back(number);
    for (auto& [epoch, row] : epochs)
      rows_[{room, "at " + epoch}] = std::move(row);
  }
  std::vector<std::vector<std::uint64_t>> after(messages_.size());
  std::vector<std::size_t> before(messages_.size());
  for (const auto& entry : rows_) {
    for (std::size_t i = 1; i < entry.second.size(); ++i) {
      after[entry.second[i - 1]].push_back(entry.second[i]);
      ++before[entry.second[i]];
    }
  }
  std::vector<std::uint64_t> order;
  for (std::uint64_t number = 0; number < messages_.size(); ++number) {
    if (before[number] == 0) order.push_back(number);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const auto next : after[order[i]]) {
      if (--before[next] == 0) order.push_back(next);
    }
  }
  // What is left of each has one before it that is left, too: going back one runs into the circle.
  std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> back;
  for (const auto& [row, numbers] : rows_) {
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      if (before[numbers[i - 1]] == 0 || before[numbers[i]] == 0) continue;
      back[numbers[i]] = {numbers[i - 1], row.second};
    }
  }
  if (back.empty()) return;
  std::uint64_t at = back.begin()->first;
  for (std::size_t i = 0; i < messages_.size(); ++i)
    at = back[at].first;
  std::string circle;
  const std::uint64_t begin = at;
  do {
    circle += fmt::format("; {} after {} {}", at, back[at].first, back[at].second);
    at = back[at].first;
  } while (at != begin);
  fail(fmt::format("{} was read in different orders{}", messages_[begin].room, circle));
}

std::string Model::account(const EngineCounters& c) {
  return fmt::format(
      "published {} expected {} delivered {} excluded {} oldest {} latest {} not_kept {} left {} "
      "gap {} waiting {} recovered {}",
      c.published, c.expected, c.delivered, c.excluded, c.dropped_oldest, c.dropped_latest,
      c.dropped_not_kept, c.left_before_delivery, c.told_of_gap, c.waiting, c.recovered);
}

void Model::check_account(const EngineCounters& c, std::string_view when) {
  if (c.expected == c.delivered + c.excluded + c.dropped_oldest + c.dropped_latest +
                        c.dropped_not_kept + c.left_before_delivery + c.told_of_gap + c.waiting) {
    return;
  }
  fail(fmt::format("the account does not balance {}: {}", when, account(c)));
}

}  // namespace madang::sim
