// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "madang/base/hash.h"
#include "madang/storage/message_store.h"
#include "storage/postgres/params.h"
#include "storage/postgres/result.h"

namespace madang::postgres {

// Decides what of a batch is to be written, from what the tables hold of its rooms. It is told the
// rows and asks nobody.
//
// A place above a room's top is free. One at or below it is looked up: the same message is stored
// already, another one is a refusal, and an empty place is filled, as when an older history is
// copied in later; but one that remove() has passed is taken for stored.
class AppendPlan {
 public:
  // `batch` outlives the plan.
  explicit AppendPlan(const MessageBatch& batch) : batch_(batch) {}

  // Finds what no store could keep. Empty: go on.
  std::vector<Refusal> check_contents(std::size_t message_bytes_max) const;

  // The names of the rooms, each once. They live as long as the batch.
  std::vector<std::string_view> names();
  // Takes the rows of rooms_named, then of create_rooms.
  void take_rooms(const Result& rows);
  void take_created(const Result& rows);
  // The names that had no row.
  std::vector<std::string_view> missing() const;

  // The places to look up, as parameters of `places`.
  bool has_places() const { return !place_rooms_.empty(); }
  void find_places();
  Params places() const;
  // Takes the rows of `places`, and says which are another message's.
  absl::StatusOr<std::vector<Refusal>> take_places(const Result& rows);

  // Decides, when all rooms have a row; a room's new epoch begins in this term and lineage. Then
  // the messages to write, in order, each with its room.
  void settle(std::int64_t term, const std::string& lineage);
  struct Write {
    std::int64_t room = 0;
    const StoredMessage* message = nullptr;
  };
  const std::vector<Write>& writes() const { return writes_; }
  // The parameters of update_rooms.
  Params updates() const;

 private:
  struct Room {
    std::int64_t id = 0;
    std::uint64_t top = 0;
    std::uint64_t first = 1;
    std::uint64_t removed = 0;
    std::int64_t term = 0;
    std::string lineage = {};
    std::string epoch = {};
    bool changed = false;
  };
  Room& room_of(const StoredMessage& message) { return rooms_.find(message.room)->second; }

  const MessageBatch& batch_;
  absl::flat_hash_map<std::string_view, Room, StringHash, StringEqual> rooms_;
  std::vector<std::string_view> names_;
  std::vector<bool> stored_;  // of the batch
  std::vector<std::int64_t> place_rooms_;
  std::vector<std::int64_t> place_offsets_;
  std::vector<Write> writes_;
};

}  // namespace madang::postgres
