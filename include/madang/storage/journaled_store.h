// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "madang/storage/message_store.h"

namespace madang {

struct JournalOptions {
  // What the journal may hold. Beyond it append() answers ResourceExhausted.
  std::size_t messages_max = 1'000'000;
  std::size_t bytes_max = std::size_t{1} << 30;  // as StoredMessage::bytes() counts
  // Of a batch that the store is given from the journal.
  std::size_t batch_messages_max = 4096;
  std::size_t batch_bytes_max = std::size_t{4} << 20;
  // Between two tries to reach the store: doubled each time.
  Duration retry_min = std::chrono::milliseconds(50);
  Duration retry_max = std::chrono::seconds(2);
  // Gets what the store refuses for good after the journal took it: a message that somebody was
  // told is kept. Must be set, and keep it; SetAsideFile does. On a thread of the JournaledStore.
  absl::AnyInvocable<void(const StoredMessage&, const absl::Status&)> set_aside = {};
};

struct JournalState {
  bool away = false;         // messages go to the journal, or come from it
  std::size_t messages = 0;  // in the journal
  std::size_t bytes = 0;
  std::uint64_t journaled = 0;  // ever, of this object
  std::uint64_t replayed = 0;
  std::uint64_t set_aside = 0;
};

// A store far away with a journal beside it, for the time in which it does not answer: append()
// puts into the journal what the store did not take, and answers OK, because it is kept. As soon as
// the store answers again it is given the messages in the same order, and only when it has them all
// do messages go to it directly. A journal outlives a crash: what is in it is replayed by the next
// open().
//
// Nothing is taken into the journal unless no other process can have become the store's writer: as
// long as the store's lease_left() is not zero. A store without a lease never has a journal's help.
// If another writer has taken over in the end, what the store then refuses is set aside.
//
// While a room has messages in the journal, load() and what would read them answer Unavailable, so
// that no page has a hole; the pages before them come from the store, if it answers. Search and
// retention are the store's.
//
// The journal is any MessageStore that this process alone opens, with a short way to its disk. Its
// messages lie in one room and are removed when the store has them.
//
// A room that a process which died left in the journal is kStored at best until it begins a new
// epoch, and as long as there is one, close() leaves the store as one whose writer died.
//
// Threads and errors are those of MessageStore. open() answers InvalidArgument without a set_aside,
// and DataLoss if the journal is damaged or not the one it was: look at it, and move it away.
// close() answers Unavailable if the store did not take all that is in the journal, which keeps it.
// The destructor waits for the one answer of a store that the thread of this object may be waiting
// for.
class JournaledStore final : public MessageStore {
 public:
  JournaledStore(std::unique_ptr<MessageStore> store, std::unique_ptr<MessageStore> journal,
                 JournalOptions options);
  ~JournaledStore() override;
  JournaledStore(const JournaledStore&) = delete;
  JournaledStore& operator=(const JournaledStore&) = delete;

  // Any thread.
  JournalState state() const;

  void open(Callback<OpenResult> done) override;
  void load(LoadRequest request, Callback<StoredRoom> done) override;
  void append(MessageBatch batch, Callback<AppendResult> done) override;
  void read(PageRequest request, Callback<StoredPage> done) override;
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override;
  void close(StatusCallback done) override;
  Duration lease_left() const override { return store_->lease_left(); }
  MessageSearch* search() override { return store_->search(); }
  MessageRetention* retention() override { return store_->retention(); }

 private:
  struct Append {
    MessageBatch batch;
    Callback<AppendResult> done;
  };
  // What of a room is in the journal.
  struct Journaled {
    std::uint64_t first = 0;  // the offset of the oldest
    std::uint64_t last = 0;   // the journal's number of the newest
  };
  // What the store is given next; again, until it answers.
  struct Replay {
    MessageBatch batch = {};
    std::uint64_t last = 0;    // the number of the newest
    std::size_t messages = 0;  // in the journal
    std::size_t bytes = 0;
  };

  // --- Any thread ------------------------------------------------------------------------------
  void append_to_store(Append append);
  void append_to_journal(Append append);
  // Numbers the messages; says why there is no place for them.
  absl::StatusOr<MessageBatch> number(const MessageBatch& batch);
  void note(const StoredMessage& message, std::uint64_t number, std::size_t bytes);
  // A new epoch ends what is uncertain about a room.
  void look_at_epochs(const MessageBatch& batch);
  // The oldest offset of a room that is in the journal; none: the store has all.
  std::optional<std::uint64_t> journaled_from(const std::string& room) const;

  // --- The thread of this object -----------------------------------------------------------------
  void run();
  void work(std::unique_lock<std::mutex>& lock);
  bool to_replay() const { return away_ && store_open_ && stopped_.ok(); }
  absl::StatusOr<OpenResult> open_now();
  absl::Status take_stock();
  absl::Status close_now();
  // Until nothing is left, or the store does not answer.
  absl::Status replay_all();
  // Gives the store one batch; false: the journal was empty.
  absl::StatusOr<bool> replay_one();
  absl::Status fetch();
  absl::Status give();
  absl::Status clean();

  JournalOptions options_;

  mutable std::mutex mutex_;  // guards what follows, up to the thread's own
  std::condition_variable news_;
  bool ended_ = false;
  Callback<OpenResult> opening_ = {};
  StatusCallback closing_ = {};
  absl::Status stopped_;  // not OK: another writer has taken over
  bool away_ = false;
  bool failing_ = false;        // the last try to replay failed
  std::optional<Append> held_;  // until the journal is empty, which is soon
  std::size_t journaling_ = 0;  // appends to the journal under way
  std::uint64_t numbers_ = 0;   // the last that was given in the journal
  // What the store gave no clear answer to, and has to be given again as it was.
  std::optional<MessageBatch> unanswered_;
  absl::flat_hash_map<std::string, Journaled> rooms_;
  // The epochs of rooms that a process which died had in the journal: in these it may have given
  // offsets that were never stored, and the store, which hears of them only now, can not know.
  absl::flat_hash_map<std::string, std::string> uncertain_;
  JournalState state_;

  // The thread's own.
  bool journal_open_ = false, stock_taken_ = false, store_open_ = false;
  Replay next_;
  std::uint64_t replayed_ = 0;  // up to here the store has them
  std::uint64_t cleaned_ = 0;   // and up to here the journal does not any more
  Duration retry_{};

  // Their callbacks use what stands above.
  std::unique_ptr<MessageStore> store_;
  std::unique_ptr<MessageStore> journal_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace madang
