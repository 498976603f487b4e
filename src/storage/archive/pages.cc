// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/pages.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace madang::archive {
namespace {

struct Bounds {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;
  WallTime since = WallTime::min();
  bool one_fits = false;
};

// Takes messages as long as they are within the bounds.
class Taken {
 public:
  explicit Taken(const Bounds& bounds) : bounds_(bounds) {}

  bool take(const StoredMessage& message) {
    bytes_ += message.bytes();
    const bool fits = messages_.size() < bounds_.messages_max && bytes_ <= bounds_.bytes_max &&
                      message.time >= bounds_.since;
    full_ = full_ || !(fits || (bounds_.one_fits && messages_.empty()));
    if (!full_) messages_.push_back(message);
    return !full_;
  }
  Messages take_all() { return std::move(messages_); }

 private:
  const Bounds bounds_;
  Messages messages_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

// Two runs in the order of `direction` as one. Where `stored`, what the other store answered, ends
// without being all that it has there, nobody knows what comes next, and the run ends too.
absl::StatusOr<Messages> merged(ArchiveFolder& folder, const std::string& room,
                                std::uint64_t cursor, Direction direction, const Bounds& bounds,
                                const Messages& stored, bool stored_is_all) {
  const bool up = direction == Direction::kUp;
  const bool full = !stored_is_all || stored.size() >= bounds.messages_max;
  const bool files_come_after = up ? !stored.empty() && folder.first(room) > stored.back().offset
                                   : !stored.empty() && folder.last(room) < stored.back().offset;
  if (full && files_come_after) return stored;

  Taken taken(bounds);
  std::size_t next = 0;
  bool going_on = true;
  const auto visit = [&](const StoredMessage& message) {
    const auto comes_first = [&] {
      const std::uint64_t offset = stored[next].offset;
      return up ? offset < message.offset : offset > message.offset;
    };
    while (going_on && next < stored.size() && comes_first())
      going_on = taken.take(stored[next++]);
    if (next < stored.size() && stored[next].offset == message.offset)
      ++next;
    else if (next == stored.size() && !stored_is_all)
      going_on = false;
    going_on = going_on && taken.take(message);
    return going_on;
  };
  auto status = folder.walk(room, cursor, direction, WallTime::min(), visit);
  if (!status.ok()) return status;
  while (going_on && next < stored.size())
    going_on = taken.take(stored[next++]);
  return taken.take_all();
}

absl::Status add_keys(ArchiveFolder& folder, const LoadRequest& request, StoredRoom& room) {
  if (room.keys.size() >= request.keys_max) return absl::OkStatus();
  std::vector<StoredKey> found;
  const auto visit = [&](const StoredMessage& message) {
    if (message.idempotency_key.empty() || message.time < request.keys_since) return true;
    found.push_back({message.idempotency_key, message.offset, message.time});
    return found.size() < request.keys_max;
  };
  auto status = folder.walk(request.room, std::numeric_limits<std::uint64_t>::max(),
                            Direction::kDown, request.keys_since, visit);
  if (!status.ok()) return status;
  auto& keys = room.keys;
  keys.insert(keys.end(), found.begin(), found.end());
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  const auto same = [](const auto& a, const auto& b) { return a.offset == b.offset; };
  keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());
  if (keys.size() > request.keys_max) {
    keys.erase(keys.begin(), keys.end() - static_cast<std::ptrdiff_t>(request.keys_max));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoredPage> with_files(ArchiveFolder& folder, const PageRequest& request,
                                      StoredPage page) {
  if (folder.files(request.room).empty()) return page;
  const bool up = request.direction == Direction::kUp;
  const Bounds bounds{
      .messages_max = request.messages_max, .bytes_max = request.bytes_max, .one_fits = true};
  auto messages = page.messages;
  const bool all = messages.empty() || (!up && messages.back().offset <= page.first);
  auto whole =
      merged(folder, request.room, request.cursor, request.direction, bounds, messages, all);
  if (!whole.ok()) return whole.status();
  page.messages = *std::move(whole);
  page.first = std::min(page.first, folder.first(request.room));
  return page;
}

absl::StatusOr<StoredRoom> with_files(ArchiveFolder& folder, const LoadRequest& request,
                                      StoredRoom room) {
  if (folder.files(request.room).empty()) return room;
  const Bounds bounds{
      .messages_max = request.messages_max, .bytes_max = request.bytes_max, .since = request.since};
  Messages messages = std::move(room.messages);
  std::reverse(messages.begin(), messages.end());
  const bool all = messages.empty() ? room.first > room.top : messages.back().offset <= room.first;
  if (all || !messages.empty()) {
    auto whole = merged(folder, request.room, std::numeric_limits<std::uint64_t>::max(),
                        Direction::kDown, bounds, messages, all);
    if (!whole.ok()) return whole.status();
    messages = *std::move(whole);
  }
  std::reverse(messages.begin(), messages.end());
  room.messages = std::move(messages);
  if (auto status = add_keys(folder, request, room); !status.ok()) return status;
  room.first = std::min(room.first, folder.first(request.room));
  return room;
}

}  // namespace madang::archive
