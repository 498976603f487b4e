// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_store.h"

namespace madang {

struct ArchiveOptions {
  // The bounds of one file, and so of the memory that an export or a read takes, several times. A
  // month of a busy room has several files.
  std::size_t file_messages_max = 20'000;
  std::size_t file_bytes_max = std::size_t{4} << 20;  // as StoredMessage::bytes() counts
  std::size_t page_rooms_max = 100;
  // How many calls may wait for the disk. One more is answered Unavailable.
  std::size_t calls_max = 4096;
};

struct ArchiveProgress {
  std::size_t rooms = 0;     // that are done
  std::size_t files = 0;     // written
  std::size_t messages = 0;  // that left the other store
};

// A store whose old messages lie in compressed files, and are read as if they were still in it.
// Everything is kept by another store; export_before() moves messages from there to files. What the
// other store no longer has is answered from the files: pages go over the seam in both directions,
// load() and rooms() tell the oldest message of both. search() finds only what is not yet moved.
//
// A room has a folder of its own, called as its name in hexadecimal digits, below `folder`. Mount
// there what old messages shall lie on. A file holds messages of one month (UTC), zstd with a
// checksum, one line of JSON each, after a line that says what the file is. Files are not changed
// once they are there, except that remove() and expire() replace or delete them: both remove from
// the files as well. One file of a room is held in memory at a time, and the names of all.
//
// Errors beside those of MessageStore: DataLoss, with the name of the file, for one that is
// damaged, cut, foreign or of a newer format, as soon as it is needed, and from open() for a name
// that an archive does not use. A file that was deleted by others while no store was open is not
// missed. append() does not compare with what is in files; the export does, and answers DataLoss.
//
// Threads: as MessageStore. Files are read and written on a thread of this store, and what concerns
// no file does not wait for it. The destructor waits for the one answer of the other store that
// this thread may be waiting for.
class ArchiveStore final : public MessageStore, private MessageRetention {
 public:
  ArchiveStore(std::unique_ptr<MessageStore> store, std::string folder,
               ArchiveOptions options = {});
  ~ArchiveStore() override;
  ArchiveStore(const ArchiveStore&) = delete;
  ArchiveStore& operator=(const ArchiveStore&) = delete;

  // Moves the messages older than `before` to files, of each room from its oldest up to the first
  // that is not. A file is on the disk for good before its messages leave the other store, so that
  // whatever happens in between loses none and doubles none, and another call goes on. `progress`
  // is called after each file or room, on the thread of this store. While one runs, reads come in
  // between.
  //   FailedPrecondition   another export is running, or the other store has no retention()
  //   Unavailable          too many calls wait, or the store is being closed: call again
  void export_before(WallTime before, absl::AnyInvocable<void(const ArchiveProgress&)> progress,
                     Callback<ArchiveProgress> done);

  void open(Callback<OpenResult> done) override;
  void load(LoadRequest request, Callback<StoredRoom> done) override;
  // Unavailable also while the place of a message, below its room's top, is being exported.
  void append(MessageBatch batch, Callback<AppendResult> done) override;
  void read(PageRequest request, Callback<StoredPage> done) override;
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override;
  void close(StatusCallback done) override;
  Duration lease_left() const override;
  MessageSearch* search() override;
  MessageRetention* retention() override;

 private:
  class State;

  static absl::Status may_touch_files(State& state);
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override;
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override;

  const std::unique_ptr<State> state_;
};

}  // namespace madang
