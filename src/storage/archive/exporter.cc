// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/exporter.h"

#include <algorithm>
#include <utility>

#include "storage/blocking.h"

namespace madang::archive {

absl::StatusOr<bool> Exporter::step(const Guard& guard) {
  if (rooms_.empty()) {
    auto rooms = wait_for<std::vector<RoomSummary>>([&](auto done) {
      store_.retention()->rooms(after_, options_.page_rooms_max, std::move(done));
    });
    if (!rooms.ok()) return rooms.status();
    if (rooms->empty()) return true;
    after_ = rooms->back().room;
    rooms_.assign(rooms->begin(), rooms->end());
  }
  const RoomSummary& room = rooms_.front();
  bool more = false;
  if (room.first <= room.top && room.oldest < before_) {
    if (!guard(room.room, room.top)) {
      return absl::UnavailableError("the archive is being closed");
    }
    auto exported = export_from(room);
    if (!exported.ok()) return exported.status();
    more = *exported;
  }
  if (!more) {
    rooms_.pop_front();
    ++progress_.rooms;
  }
  return false;
}

absl::StatusOr<bool> Exporter::export_from(const RoomSummary& room) {
  auto page = wait_for<StoredPage>([&](auto done) {
    store_.read({.room = room.room,
                 .cursor = 0,
                 .direction = Direction::kUp,
                 .messages_max = options_.file_messages_max,
                 .bytes_max = options_.file_bytes_max,
                 .stored_top = room.top},
                std::move(done));
  });
  if (!page.ok()) return page.status();
  Messages& messages = page->messages;
  // One file is of one month, and what was stored while this ran is left to the next run.
  const auto end = std::find_if(messages.begin(), messages.end(), [&](const auto& message) {
    return message.time >= before_ || message.offset > room.top ||
           month_of(message.time) != month_of(messages.front().time);
  });
  messages.erase(end, messages.end());
  if (messages.empty()) return false;

  const std::uint64_t last = messages.back().offset;
  const std::size_t count = messages.size();
  if (auto status = leave_fresh(room.room, messages); !status.ok()) return status;
  if (!messages.empty()) {
    if (auto status = folder_.write(messages); !status.ok()) return status;
    ++progress_.files;
  }
  // Only now, when a file has them for good.
  auto removed =
      wait_for_status([&](auto done) { store_.remove(room.room, last, std::move(done)); });
  if (!removed.ok()) return removed;
  progress_.messages += count;
  return true;
}

absl::Status Exporter::leave_fresh(const std::string& room, Messages& messages) {
  const std::uint64_t last = messages.back().offset;
  Messages fresh;
  std::size_t next = 0;
  bool differs = false;
  const auto visit = [&](const StoredMessage& archived) {
    while (next < messages.size() && messages[next].offset < archived.offset)
      fresh.push_back(messages[next++]);
    if (next < messages.size() && messages[next].offset == archived.offset) {
      differs = differs || !same_message(messages[next], archived);
      ++next;
    }
    return archived.offset < last;
  };
  auto status =
      folder_.walk(room, messages.front().offset - 1, Direction::kUp, WallTime::min(), visit);
  if (!status.ok()) return status;
  if (differs) {
    return absl::DataLossError(folder_of(room) +
                               ": a file has another message at an offset that "
                               "is to be archived");
  }
  fresh.insert(fresh.end(), messages.begin() + static_cast<std::ptrdiff_t>(next), messages.end());
  messages = std::move(fresh);
  return absl::OkStatus();
}

}  // namespace madang::archive
