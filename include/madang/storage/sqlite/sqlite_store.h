// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "madang/storage/message_store.h"

namespace madang {

struct SqliteOptions {
  // The database file; made if it is not there. Beside it lie PATH-wal and PATH-shm, which belong
  // to it while it is open, and PATH.lock, which stays. Its folder must exist, on a local disk.
  std::string path;

  // Keeps an index of the words of all messages, so that search() is there. It costs most of the
  // speed of append(). Turned on over a store that has messages, they are indexed little by little
  // while it is in use, and are found when their turn has come; turned off, open() drops the index.
  bool search = false;

  // A file that is damaged is not opened: DataLoss. With this it is renamed to PATH.corrupt-1 (or
  // the next number that is free), the log beside it to PATH.corrupt-1-wal, and an empty store is
  // opened, under a new lineage. Nothing is deleted.
  bool set_damaged_aside = false;

  // Of the connection that writes, and of each that reads.
  std::size_t writer_cache_bytes = 64 * 1024 * 1024;
  std::size_t reader_cache_bytes = 16 * 1024 * 1024;
  // How long the write-ahead log grows before it is copied into the file. A longer log means fewer
  // writes to the disk, but longer ones, and a longer open() after a crash.
  std::size_t log_bytes_max = 64 * 1024 * 1024;
  // Of a new file: a power of two from 512 to 65,536.
  std::size_t page_bytes = 8192;
  // Threads that load rooms and read pages, 1 to 8. A search has one more for itself.
  std::size_t readers = 2;
  // Calls that may wait for each of the threads. More are answered Unavailable.
  std::size_t calls_max = 10'000;

  // The sqlite3_vfs to use, which the host has registered; empty: SQLite's own.
  std::string vfs = {};
};

// Messages in one SQLite file, for one process on one machine.
//
// append() commits a batch in one transaction and syncs it. Reads have threads and connections of
// their own, so that they wait for no write. A flipped bit or a truncated file is noticed by a sum
// over each row and by each message naming the one before it: DataLoss, and never a wrong message.
//
// The lineage changes when the file is not the one that was last closed: another inode, or one that
// lacks what PATH.lock says was committed (a copy put back in place, a log cut short). A machine
// whose whole disk is set back takes PATH.lock with it, and is not noticed.
//
// open() makes the file of an earlier library into one of this. An index of words that was kept
// otherwise is made anew then, little by little. The file of a newer library is refused.
//
// Beyond MessageStore:
//   FailedPrecondition   also: the path cannot be used, the file is no store of madang, or it was
//                        moved away while it was open
//   append()             refuses a message whose room's name is not of 1 to 255 bytes, or whose
//                        offset is 0 or above 2^62 (InvalidArgument)
//   remove(), expire()   hide the messages at once; their rows and words leave the file in small
//                        steps after that
//   expire()             takes from each room the oldest by offset, so that no hole comes about: a
//                        message that is behind a younger one waits for it
std::unique_ptr<MessageStore> make_sqlite_store(SqliteOptions options);

}  // namespace madang
