// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "madang/base/hash.h"
#include "madang/storage/message_store.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/sqlite/chores.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/lock_file.h"
#include "storage/sqlite/message_rows.h"
#include "storage/sqlite/rooms.h"
#include "storage/sqlite/state.h"
#include "storage/sqlite/word_index.h"

namespace madang::sqlite {

// All that changes the store, on one thread.
class Writer {
 public:
  explicit Writer(const SqliteOptions& options) : options_(options) {}

  absl::StatusOr<OpenResult> open();
  absl::StatusOr<AppendResult> append(const MessageBatch& batch);
  absl::Status remove(const std::string& room, std::uint64_t offset);
  absl::StatusOr<std::size_t> expire(WallTime before, std::size_t messages_max);
  absl::Status close();

  // Does a little of what nobody waits for: copies the log into the file, takes away what was
  // hidden, indexes what is not. True if there is more to do now.
  bool do_chore();

  // After open().
  const State& state() const { return state_; }

 private:
  // What goes with one connection.
  struct Tables {
    Tables(Database& database, bool search);

    RoomTable rooms;
    StateRow state;
    RowWalk times;
    MessageWalk messages;
    Statement message_at;
    Statement replace_record;
    Statement insert_message;
    Statement insert_key;
    Chores chores;
    std::optional<WordIndex> words;
  };
  // A room as it is in the file, or will be after this transaction.
  struct WrittenRoom : Room {
    std::int64_t span = 0;  // of the top; 0: not looked up yet
    std::uint64_t span_high = 0;
    bool changed = false;
  };
  struct Place {
    std::int64_t row = 0;
    std::size_t index = 0;  // in the batch
    std::uint64_t previous = 0;
    std::int64_t room = 0;
    std::optional<std::int64_t> word_row = {};
  };

  absl::Status ready();
  absl::Status connect();
  // Makes sure that there is an index of words if there is to be one, and none otherwise.
  absl::Status set_up_index();

  absl::StatusOr<AppendResult> append_now(const MessageBatch& batch);
  absl::Status place(const MessageBatch& batch, std::size_t index);
  void note_change(WrittenRoom& room);
  void insert_places(const MessageBatch& batch);
  // Puts the words of a message into the index, if they are to be there yet.
  void index(Place& place, const StoredMessage& message);
  void insert(const Place& place, const StoredMessage& message);
  void update_rooms();
  WrittenRoom* find_or_make_room(const std::string& name);

  // For a message whose offset the room has passed.
  absl::Status compare_or_fill(const MessageBatch& batch, std::size_t index, WrittenRoom& room);
  absl::Status compare(const StoredMessage& message, std::int64_t row, const Room& room,
                       bool& there);
  void fill(const StoredMessage& message, std::int64_t row, WrittenRoom& room);
  std::optional<StoredMessage> neighbour(const Room& room, std::uint64_t offset,
                                         Direction direction);

  std::int64_t span_of(WrittenRoom& room, std::uint64_t high);

  absl::Status remove_now(const std::string& name, std::uint64_t offset);
  absl::StatusOr<std::size_t> expire_now(WallTime before, std::size_t messages_max);
  // Hides the messages of a room below `from`, and from there on while `old` says so of a time.
  void hide_while(Room& room, std::uint64_t from, absl::FunctionRef<bool(std::int64_t)> old);
  absl::Status note_close();
  // Whether it did anything.
  absl::StatusOr<bool> do_step(bool (Chores::*step)(State&, WordIndex*));

  absl::Status commit(Transaction& transaction, const State& state);
  // After a failure: what is known of the file may be wrong.
  absl::Status forget(absl::Status status);

  const SqliteOptions options_;
  LockFile lock_;
  State state_;
  bool open_ = false;

  // Null after the disk failed, until it is there again.
  std::unique_ptr<Database> database_;
  std::unique_ptr<Tables> tables_;

  int page_bytes_ = 0;
  // Whether there may be rows to take away, or to index.
  bool work_left_ = true;

  StringMap<std::unique_ptr<WrittenRoom>> rooms_;  // that were written lately
  std::vector<Place> places_;                      // of the batch under way
  std::vector<WrittenRoom*> changed_;              // by it
  std::string record_;
};

}  // namespace madang::sqlite
