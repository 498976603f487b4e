// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_rooms.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace madang {
namespace {

absl::Status taken() { return absl::AlreadyExistsError("another message has this offset"); }

// Whether the words of `phrase` stand in `words` from `at` on.
bool stands_at(const SearchPhrase& phrase, const std::vector<std::string>& words, std::size_t at) {
  if (phrase.words.size() > words.size() - at) return false;
  for (std::size_t i = 0; i < phrase.words.size(); ++i) {
    const bool beginning = phrase.prefix && i + 1 == phrase.words.size();
    const auto& word = words[at + i];
    if (beginning ? !word.starts_with(phrase.words[i]) : word != phrase.words[i]) return false;
  }
  return true;
}

}  // namespace

void MemoryRooms::open() {
  if (!clean_) unclean_term_ = term_;
  if (std::exchange(restored_, false)) ++lineage_;
  ++term_;
  clean_ = false;
}

const MemoryRooms::Room* MemoryRooms::find(const std::string& name) const {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : &found->second;
}

Continuity MemoryRooms::continuity_of(const Room& room) const {
  if (room.lineage != lineage_) return Continuity::kBroken;
  return room.term <= unclean_term_ ? Continuity::kStored : Continuity::kComplete;
}

StoredRoom MemoryRooms::load(const LoadRequest& request) const {
  StoredRoom stored;
  stored.first = 1;
  const auto* room = find(request.room);
  if (room == nullptr) return stored;
  stored.top = room->top;
  stored.epoch = room->epoch;
  stored.first = room->first();
  stored.continuity = continuity_of(*room);

  std::size_t bytes = 0;
  const auto& messages = room->messages;
  for (auto it = messages.rbegin(); it != messages.rend(); ++it) {
    const auto& message = *it->second;
    bytes += message.bytes();
    if (stored.messages.size() >= request.messages_max || bytes > request.bytes_max) break;
    if (message.time < request.since) break;  // going on beyond it would leave a hole
    stored.messages.push_back(message);
  }
  std::reverse(stored.messages.begin(), stored.messages.end());

  for (auto it = messages.rbegin(); it != messages.rend() && stored.keys.size() < request.keys_max;
       ++it) {
    const auto& message = *it->second;
    if (message.idempotency_key.empty() || message.time < request.keys_since) continue;
    stored.keys.push_back({message.idempotency_key, message.offset, message.time});
  }
  std::reverse(stored.keys.begin(), stored.keys.end());
  return stored;
}

absl::StatusOr<AppendResult> MemoryRooms::append(MessageBatch batch) {
  AppendResult result;
  std::size_t bytes = 0;
  std::vector<std::size_t> fresh;
  std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> places;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& message = batch[i];
    if (auto status = check_storable(message); !status.ok()) {
      result.refused.push_back({i, std::move(status)});
      continue;
    }
    const auto [place, first] = places.try_emplace({message.room, message.offset}, i);
    const StoredMessage* stored = first ? nullptr : &batch[place->second];
    if (const auto* room = find(message.room); room != nullptr && stored == nullptr) {
      const auto found = room->messages.find(message.offset);
      if (found != room->messages.end()) stored = found->second.get();
    }
    if (stored == nullptr) {
      fresh.push_back(i);
      bytes += message.bytes();
    } else if (!same_message(*stored, message)) {
      result.refused.push_back({i, taken()});
    }
  }
  if (!result.refused.empty()) return result;
  if (bytes > bytes_max_ - bytes_) {
    return absl::ResourceExhaustedError("the memory store is full");
  }
  for (const auto i : fresh)
    store(std::move(batch[i]));
  return result;
}

void MemoryRooms::store(StoredMessage message) {
  auto& room = rooms_[message.room];
  if (message.offset > room.top) {
    room.top = message.offset;
    if (room.term == 0 || room.epoch != message.epoch) {
      room.epoch = message.epoch;
      room.term = term_;
      room.lineage = lineage_;
    }
  }
  bytes_ += message.bytes();
  const auto offset = message.offset;
  room.messages.emplace(offset, std::make_shared<const StoredMessage>(std::move(message)));
}

StoredPage MemoryRooms::read(const PageRequest& request) const {
  StoredPage page;
  page.first = 1;
  const auto* room = find(request.room);
  if (room == nullptr) return page;
  page.first = room->first();

  std::size_t bytes = 0;
  const auto take = [&](const StoredMessage& message) {
    bytes += message.bytes();
    const bool fits = page.messages.size() < request.messages_max && bytes <= request.bytes_max;
    if (!fits && !page.messages.empty()) return false;
    page.messages.push_back(message);
    return true;
  };
  const auto& messages = room->messages;
  if (request.direction == Direction::kUp) {
    for (auto it = messages.upper_bound(request.cursor); it != messages.end(); ++it) {
      if (!take(*it->second)) break;
    }
  } else {
    for (auto it = messages.lower_bound(request.cursor); it != messages.begin();) {
      if (!take(*(--it)->second)) break;
    }
  }
  return page;
}

void MemoryRooms::remove_first(Room& room) {
  bytes_ -= room.messages.begin()->second->bytes();
  room.messages.erase(room.messages.begin());
}

void MemoryRooms::remove(const std::string& name, std::uint64_t offset) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  auto& room = found->second;
  while (!room.messages.empty() && room.messages.begin()->first <= offset)
    remove_first(room);
}

std::vector<StoredMessageRef> MemoryRooms::searched(const SearchQuery& query) const {
  std::vector<StoredMessageRef> all;
  for (const auto& name : std::set<std::string>(query.rooms.begin(), query.rooms.end())) {
    const auto* room = find(name);
    if (room == nullptr) continue;
    for (const auto& [offset, message] : room->messages) {
      const auto& below = query.below;
      if (!below || std::tie(message->time, name, offset) <
                        std::tie(below->time, below->room, below->offset)) {
        all.push_back(message);
      }
    }
  }
  return all;
}

std::vector<RoomSummary> MemoryRooms::rooms(const std::string& after, std::size_t rooms_max) const {
  std::vector<RoomSummary> page;
  for (auto it = rooms_.upper_bound(after); it != rooms_.end() && page.size() < rooms_max; ++it) {
    const auto& [name, room] = *it;
    auto& summary = page.emplace_back(
        RoomSummary{.room = name, .first = room.first(), .top = room.top, .epoch = room.epoch});
    if (!room.messages.empty()) summary.oldest = room.messages.begin()->second->time;
  }
  return page;
}

std::size_t MemoryRooms::expire(WallTime before, std::size_t messages_max) {
  std::size_t removed = 0;
  for (auto& [name, room] : rooms_) {
    while (removed < messages_max && !room.messages.empty() &&
           room.messages.begin()->second->time < before) {
      remove_first(room);
      ++removed;
    }
    if (removed == messages_max) break;
  }
  return removed;
}

bool found_by(const std::vector<SearchPhrase>& phrases, const std::vector<std::string>& words) {
  return std::all_of(phrases.begin(), phrases.end(), [&](const SearchPhrase& phrase) {
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (stands_at(phrase, words, at)) return true;
    }
    return false;
  });
}

}  // namespace madang
