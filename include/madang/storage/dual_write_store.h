// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/message_store.h"

namespace madang {

class Follower;
class StoreCopy;
class Worker;

struct DualWriteOptions {
  // What may wait for the store that follows. Beyond it messages are left to backfill().
  std::size_t lag_bytes_max = std::size_t{16} << 20;
  // The bounds of one step of backfill() and verify().
  std::size_t page_messages_max = 500;
  std::size_t page_bytes_max = std::size_t{1} << 20;
  std::size_t page_rooms_max = 100;
  // How often backfill() goes through all rooms before it says that the new store is too slow.
  int passes_max = 20;
  // After how many tries in a row, some 20 ms apart, a store counts as not reachable.
  int tries_max = 50;
  // What switch_reads() did before a restart: the new store decides from the start.
  bool reads_from_new = false;
};

struct BackfillProgress {
  int pass = 0;
  std::size_t rooms = 0;   // seen in this pass
  std::size_t copied = 0;  // messages, in all passes
};

// Two stores as one, so that one can be exchanged for another without stopping. In this order:
//
//   1. The host opens a DualWriteStore over the old store and the new one. The old one decides:
//      what it acknowledges is acknowledged, and all is read from it. The new one gets the same a
//      little later. What it does not take delays nobody.
//   2. backfill() copies what the new one lacks, until nothing is missing.
//   3. verify() compares, if one likes to know.
//   4. switch_reads(): from now on the new one decides and the old one follows, so that there is a
//      way back.
//   5. stop_old(). After the next restart the host opens the new store alone.
//
// Both stores offer retention(), or open() answers InvalidArgument, and search() if this one is to.
// Whoever removes messages does so through this one. Copied rooms are as trustworthy as they were:
// while a room of the old store is not kComplete, close() leaves the new store as one whose writer
// died.
//
// Threads and errors are those of MessageStore; the four calls below are made after open() and run
// one after the other on a thread of this store's. The destructor waits for the one answer of a
// store that this thread may be waiting for.
class DualWriteStore final : public MessageStore, private MessageSearch, private MessageRetention {
 public:
  DualWriteStore(std::unique_ptr<MessageStore> old_store, std::unique_ptr<MessageStore> new_store,
                 DualWriteOptions options = {});
  ~DualWriteStore() override;
  DualWriteStore(const DualWriteStore&) = delete;
  DualWriteStore& operator=(const DualWriteStore&) = delete;

  // Copies what the store that follows lacks, and removes what it has too much, room by room and
  // page by page, until one pass through all rooms finds nothing. `progress` is called now and
  // then, on the thread of this store.
  //   Unavailable         the other store was not reachable too often in a row: call again
  //   ResourceExhausted   after passes_max there still was something: it is too slow
  //   DataLoss            a place holds another message there; verify() names the rooms
  void backfill(absl::AnyInvocable<void(const BackfillProgress&)> progress, StatusCallback done);

  // Compares first, top, epoch and every message of every room. Answers the names of the rooms that
  // differ, at most a thousand; none: the stores hold the same.
  void verify(Callback<std::vector<std::string>> done);

  // Lets the new store decide. Changes that come in the meantime wait until it does.
  //   FailedPrecondition   something may be missing: call backfill() first; or done already; or the
  //                        old store has rooms that are kBroken, which a copy would not say
  void switch_reads(StatusCallback done);

  // Closes the old store. FailedPrecondition before switch_reads().
  void stop_old(StatusCallback done);

  void open(Callback<OpenResult> done) override;
  void load(LoadRequest request, Callback<StoredRoom> done) override;
  void append(MessageBatch batch, Callback<AppendResult> done) override;
  void read(PageRequest request, Callback<StoredPage> done) override;
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override;
  void close(StatusCallback done) override;
  // Of the one that decides.
  Duration lease_left() const override;
  MessageSearch* search() override;
  MessageRetention* retention() override;

 private:
  // Something that changes the stores; it is told which of them decides, or null if it must not be
  // done any more.
  using Change = absl::AnyInvocable<void(MessageStore*)>;

  void search(SearchQuery query, Callback<SearchPage> done) override;
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override;
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override;

  MessageStore& leader() const;
  // Of the store that does not decide, as long as a change is under way or on the worker.
  Follower& follower() const;
  // Does `change` now, or after a switch that is under way.
  void make(Change change);
  void change_is_made();
  void release_held();
  bool ended() const;

  // On the worker.
  void work(absl::AnyInvocable<absl::Status()> task, StatusCallback done);
  absl::Status backfill_now(absl::AnyInvocable<void(const BackfillProgress&)>& progress);
  absl::Status switch_now();
  absl::Status switch_when_quiet();
  absl::Status stop_old_now();
  absl::Status close_now();

  const DualWriteOptions options_;

  mutable std::mutex mutex_;  // guards what follows, up to the stores
  std::condition_variable news_;
  bool switched_ = false;
  bool switching_ = false;
  bool old_stopped_ = false;
  bool ended_ = false;
  std::size_t under_way_ = 0;  // changes
  std::vector<Change> held_ = {};
  // Of a room in the old store: when nothing was missing, and ever.
  Continuity worst_ = Continuity::kComplete;
  Continuity worst_copied_ = Continuity::kComplete;
  // What to_new_ had dropped when nothing was missing.
  std::optional<std::uint64_t> complete_at_ = {};

  std::atomic<bool> stop_copy_{false};
  const std::unique_ptr<Follower> to_old_;  // at work after the switch
  const std::unique_ptr<Follower> to_new_;  // and before it
  // Their callbacks use what stands above.
  std::unique_ptr<MessageStore> old_;
  std::unique_ptr<MessageStore> new_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace madang
