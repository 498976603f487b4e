// SPDX-License-Identifier: Apache-2.0
#include "storage/store_copy.h"

#include <algorithm>
#include <utility>

#include "storage/blocking.h"

namespace madang {
namespace {

// How often a room is looked at again that changes while it is compared.
constexpr int kLooksMax = 5;

absl::Status stopped() { return absl::UnavailableError("the store is being closed"); }

}  // namespace

absl::StatusOr<StoredRoom> StoreCopy::load(MessageStore& store, const std::string& room) {
  return wait_for<StoredRoom>([&](auto done) { store.load({.room = room}, std::move(done)); });
}

absl::StatusOr<MessageBatch> StoreCopy::page(MessageStore& store, const std::string& room,
                                             std::uint64_t cursor, std::uint64_t last) {
  if (stop_) return stopped();
  auto page = wait_for<StoredPage>([&](auto done) {
    store.read({.room = room,
                .cursor = cursor,
                .direction = Direction::kUp,
                .messages_max = bounds_.messages_max,
                .bytes_max = bounds_.bytes_max},
               std::move(done));
  });
  if (!page.ok()) return page.status();
  std::erase_if(page->messages, [&](const StoredMessage& one) { return one.offset > last; });
  return std::move(page->messages);
}

absl::StatusOr<StoreCopy::Compared> StoreCopy::compared(const std::string& room,
                                                        std::uint64_t cursor,
                                                        const MessageBatch& wanted,
                                                        std::uint64_t last) {
  Compared compared;
  auto next = wanted.begin();
  while (cursor < last) {
    const auto there = page(to_, room, cursor, last);
    if (!there.ok()) return there.status();
    if (there->empty()) break;
    for (const auto& other : *there) {
      for (; next != wanted.end() && next->offset < other.offset; ++next)
        compared.missing.push_back(*next);
      const bool wants = next != wanted.end() && next->offset == other.offset;
      if (!wants || !same_message(*next, other)) ++compared.different;
      if (wants) ++next;
    }
    cursor = there->back().offset;
  }
  compared.missing.insert(compared.missing.end(), next, wanted.end());
  return compared;
}

absl::Status StoreCopy::each_room(MessageStore& store, const RoomTask& task,
                                  const std::function<void()>& turn) {
  for (std::string after;;) {
    if (stop_) return stopped();
    const auto rooms = wait_for<std::vector<RoomSummary>>(
        [&](auto done) { store.retention()->rooms(after, bounds_.rooms_max, std::move(done)); });
    if (!rooms.ok()) return rooms.status();
    if (rooms->empty()) return absl::OkStatus();
    for (const auto& room : *rooms) {
      if (auto status = task(room); !status.ok()) return status;
    }
    turn();
    after = rooms->back().room;
  }
}

absl::Status StoreCopy::fill(Pass& pass, const std::function<void()>& progress) {
  return each_room(
      from_, [&](const RoomSummary& room) { return fill_room(room, pass); }, progress);
}

absl::Status StoreCopy::fill_room(const RoomSummary& room, Pass& pass) {
  ++pass.rooms;
  const auto source = load(from_, room.room);
  if (!source.ok()) return source.status();
  pass.worst = std::max(pass.worst, source->continuity);

  auto copy = load(to_, room.room);
  if (!copy.ok()) return copy.status();
  const auto has_removed = [&] { return copy->first <= copy->top && copy->first < room.first; };
  if (has_removed()) {
    if (auto status = wait_for_follower(); !status.ok()) return status;
    copy = load(to_, room.room);
    if (!copy.ok()) return copy.status();
    if (has_removed()) {
      follower_.remove(room.room, room.first - 1);
      ++pass.removed;
    }
  }
  return room.first > room.top ? fill_empty(room, pass) : fill_messages(room, pass);
}

absl::Status StoreCopy::fill_messages(const RoomSummary& room, Pass& pass) {
  for (auto cursor = room.first - 1; cursor < room.top;) {
    const auto wanted = page(from_, room.room, cursor, room.top);
    if (!wanted.ok()) return wanted.status();
    if (wanted->empty()) break;
    const auto last = wanted->back().offset;

    // What is missing may be on its way: it is, unless that has come and it is missing still.
    auto copy = compared(room.room, cursor, *wanted, last);
    if (copy.ok() && !copy->missing.empty()) {
      if (auto status = wait_for_follower(); !status.ok()) return status;
      copy = compared(room.room, cursor, *wanted, last);
    }
    if (!copy.ok()) return copy.status();
    pass.different += copy->different;
    if (!copy->missing.empty()) {
      pass.copied += copy->missing.size();
      auto status = follower_.fill(std::move(copy->missing), bounds_.tries_max);
      if (!status.ok()) return status;
    }
    cursor = last;
  }
  return absl::OkStatus();
}

// A room keeps its top and epoch when all its messages are removed, so its copy needs them as well:
// a message that brings them and is removed.
absl::Status StoreCopy::fill_empty(const RoomSummary& room, Pass& pass) {
  for (int look = 0; look < 2; ++look) {
    const auto copy = load(to_, room.room);
    if (!copy.ok()) return copy.status();
    if (copy->top >= room.top) return absl::OkStatus();
    if (look == 1) break;
    if (auto status = wait_for_follower(); !status.ok()) return status;
  }
  ++pass.copied;
  auto status = follower_.fill({{.room = room.room, .epoch = room.epoch, .offset = room.top}},
                               bounds_.tries_max);
  follower_.remove(room.room, room.top);
  return status;
}

absl::StatusOr<bool> StoreCopy::same_room(const std::string& room) {
  const auto source = load(from_, room);
  if (!source.ok()) return source.status();
  if (auto status = wait_for_follower(); !status.ok()) return status;
  const auto copy = load(to_, room);
  if (!copy.ok()) return copy.status();
  if (copy->top < source->top || copy->first != source->first) return false;
  if (copy->top == source->top && copy->epoch != source->epoch) return false;
  const auto source_now = load(from_, room);
  if (!source_now.ok()) return source_now.status();
  if (copy->top > source_now->top) return false;

  for (auto cursor = source->first - 1; cursor < source->top;) {
    const auto wanted = page(from_, room, cursor, source->top);
    if (!wanted.ok()) return wanted.status();
    // What comes last must be the last in both.
    const auto last = wanted->empty() ? source->top : wanted->back().offset;
    const auto there = compared(room, cursor, *wanted, last);
    if (!there.ok()) return there.status();
    if (!there->missing.empty() || there->different > 0) return false;
    cursor = last;
  }
  return true;
}

absl::StatusOr<std::vector<std::string>> StoreCopy::differing(std::size_t rooms_max) {
  std::vector<std::string> names;
  const auto compare = [&](const std::string& room) {
    for (int look = 0; look < kLooksMax; ++look) {
      const auto same = same_room(room);
      if (!same.ok()) return same.status();
      if (*same) return absl::OkStatus();
    }
    if (names.size() < rooms_max) names.push_back(room);
    return absl::OkStatus();
  };
  auto status = each_room(
      from_, [&](const RoomSummary& room) { return compare(room.room); }, [] {});
  if (!status.ok()) return status;
  // Rooms that only the second has.
  status = each_room(
      to_,
      [&](const RoomSummary& room) {
        const auto source = load(from_, room.room);
        if (!source.ok()) return source.status();
        if (source->top == 0 && names.size() < rooms_max) names.push_back(room.room);
        return absl::OkStatus();
      },
      [] {});
  if (!status.ok()) return status;
  return names;
}

}  // namespace madang
