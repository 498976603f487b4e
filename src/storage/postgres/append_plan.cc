// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/append_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

// How many bytes lie in the parts that are no payload.
std::size_t small_bytes(const StoredMessage& message) {
  std::size_t bytes = message.epoch.size() + message.idempotency_key.size();
  for (const auto& [name, value] : message.tags)
    bytes += name.size() + value.size();
  if (message.info != nullptr) {
    bytes += message.info->user.size() + message.info->connection_info.size() +
             message.info->room_info.size();
  }
  return bytes;
}

}  // namespace

std::vector<Refusal> AppendPlan::check_contents(std::size_t message_bytes_max) const {
  std::vector<Refusal> refused;
  absl::flat_hash_map<std::string_view, std::uint64_t, StringHash, StringEqual> last;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const StoredMessage& message = batch_[i];
    absl::Status why = check_storable(message);
    if (!why.ok()) {
      refused.push_back({i, std::move(why)});
    } else if (message.data.size() + small_bytes(message) > message_bytes_max) {
      refused.push_back({i, absl::InvalidArgumentError("the message is too large")});
    } else if (std::uint64_t& newest = last[message.room]; newest >= message.offset) {
      refused.push_back({i, absl::InvalidArgumentError("the offsets of a room do not ascend")});
    } else {
      newest = message.offset;
    }
  }
  return refused;
}

std::vector<std::string_view> AppendPlan::names() {
  for (const StoredMessage& message : batch_) {
    if (rooms_.try_emplace(message.room).second) names_.push_back(message.room);
  }
  return names_;
}

void AppendPlan::take_rooms(const Result& rows) {
  for (int i = 0; i < rows.rows(); ++i) {
    const auto found = rooms_.find(rows.bytes(i, 1));
    if (found == rooms_.end()) continue;
    found->second = {rows.number(i, 0), rows.offset(i, 2), rows.offset(i, 3), rows.offset(i, 4),
                     rows.number(i, 5), rows.text(i, 6),   rows.text(i, 7)};
  }
}

void AppendPlan::take_created(const Result& rows) {
  for (int i = 0; i < rows.rows(); ++i) {
    const auto found = rooms_.find(rows.bytes(i, 1));
    if (found != rooms_.end()) found->second.id = rows.number(i, 0);
  }
}

std::vector<std::string_view> AppendPlan::missing() const {
  std::vector<std::string_view> names;
  for (const std::string_view name : names_) {
    if (rooms_.find(name)->second.id == 0) names.push_back(name);
  }
  return names;
}

void AppendPlan::find_places() {
  stored_.assign(batch_.size(), false);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const Room& room = room_of(batch_[i]);
    if (batch_[i].offset > room.top) continue;
    if (batch_[i].offset <= room.removed) {
      stored_[i] = true;
    } else {
      place_rooms_.push_back(room.id);
      place_offsets_.push_back(static_cast<std::int64_t>(batch_[i].offset));
    }
  }
}

Params AppendPlan::places() const { return Params().numbers(place_rooms_).numbers(place_offsets_); }

absl::StatusOr<std::vector<Refusal>> AppendPlan::take_places(const Result& rows) {
  absl::flat_hash_map<std::pair<std::int64_t, std::int64_t>, int> row_of;
  for (int i = 0; i < rows.rows(); ++i)
    row_of[{rows.number(i, 0), rows.number(i, 1)}] = i;

  std::vector<Refusal> refused;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const StoredMessage& message = batch_[i];
    const auto found =
        row_of.find({room_of(message).id, static_cast<std::int64_t>(message.offset)});
    if (stored_[i] || found == row_of.end()) continue;
    const auto there = message_of(rows, found->second, 1, message.room);
    if (!there.ok()) return there.status();
    stored_[i] = true;
    if (!same_message(*there, message))
      refused.push_back({i, absl::AlreadyExistsError("another message has this place")});
  }
  return refused;
}

void AppendPlan::settle(std::int64_t term, const std::string& lineage) {
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (stored_[i]) continue;
    const StoredMessage& message = batch_[i];
    Room& room = room_of(message);
    room.changed = true;
    const bool readable = room.first <= room.top;
    room.first = readable ? std::min(room.first, message.offset) : message.offset;
    if (message.offset > room.top) {
      room.top = message.offset;
      if (room.epoch != message.epoch || room.term == 0) {
        room.epoch = message.epoch;
        room.term = term;
        room.lineage = lineage;
      }
    }
    writes_.push_back({room.id, &message});
  }
  // In the order of the index, which takes neighbours for less.
  std::sort(writes_.begin(), writes_.end(), [](const Write& a, const Write& b) {
    return std::tie(a.room, a.message->offset) < std::tie(b.room, b.message->offset);
  });
}

Params AppendPlan::updates() const {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> tops;
  std::vector<std::int64_t> firsts;
  std::vector<std::int64_t> terms;
  std::vector<std::string_view> lineages;
  std::vector<std::string_view> epochs;
  for (const std::string_view name : names_) {
    const Room& room = rooms_.find(name)->second;
    if (!room.changed) continue;
    ids.push_back(room.id);
    tops.push_back(static_cast<std::int64_t>(room.top));
    firsts.push_back(static_cast<std::int64_t>(room.first));
    terms.push_back(room.term);
    lineages.push_back(room.lineage);
    epochs.push_back(room.epoch);
  }
  return Params()
      .numbers(ids)
      .numbers(tops)
      .numbers(firsts)
      .numbers(terms)
      .many_bytes(lineages)
      .many_bytes(epochs);
}

}  // namespace madang::postgres
