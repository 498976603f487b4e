// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/message_store.h"

namespace madang {

using StoredMessageRef = std::shared_ptr<const StoredMessage>;

// The rooms of a MemoryStoreData and who wrote them. Pure state: knows no lock and no callback. The
// methods do what the interfaces say of the calls of the same names.
class MemoryRooms {
 public:
  explicit MemoryRooms(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void open();
  void close() { clean_ = true; }
  void become_another_lineage() { restored_ = true; }
  std::uint64_t lineage() const { return lineage_; }
  std::size_t bytes() const { return bytes_; }

  StoredRoom load(const LoadRequest& request) const;
  absl::StatusOr<AppendResult> append(MessageBatch batch);
  StoredPage read(const PageRequest& request) const;
  void remove(const std::string& room, std::uint64_t offset);

  // The messages that `query` may find, in no order.
  std::vector<StoredMessageRef> searched(const SearchQuery& query) const;
  std::vector<RoomSummary> rooms(const std::string& after, std::size_t rooms_max) const;
  std::size_t expire(WallTime before, std::size_t messages_max);

 private:
  struct Room {
    std::map<std::uint64_t, StoredMessageRef> messages = {};
    std::uint64_t top = 0;
    std::string epoch = {};
    // Under whom the epoch was first stored.
    std::uint64_t term = 0;
    std::uint64_t lineage = 0;

    std::uint64_t first() const { return messages.empty() ? top + 1 : messages.begin()->first; }
  };

  const Room* find(const std::string& name) const;
  Continuity continuity_of(const Room& room) const;
  void store(StoredMessage message);
  void remove_first(Room& room);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<std::string, Room> rooms_ = {};  // in the order of the names' bytes

  std::uint64_t lineage_ = 1;
  bool restored_ = false;
  std::uint64_t term_ = 0;          // of the writer
  std::uint64_t unclean_term_ = 0;  // the newest that did not end with close()
  bool clean_ = true;
};

// Whether a message with these index_words() is what somebody looks for.
bool found_by(const std::vector<SearchPhrase>& phrases, const std::vector<std::string>& words);

}  // namespace madang
