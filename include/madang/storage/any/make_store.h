// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "madang/base/callback.h"
#include "madang/base/time.h"
#include "madang/storage/message_store.h"

namespace madang {

struct StoreChoice {
  // Which store:
  //   memory                    nothing outlasts the process
  //   sqlite:PATH               where SQLite was there when madang was built
  //   postgres://USER@HOST/DB   where libpq was there
  std::string name;
  // Whether it has an index of words.
  bool search = false;
  // Where old messages lie in compressed files: an archive (ArchiveStore) is put in front of the
  // store. It needs libzstd where madang was built, and a store that outlasts the process. Empty:
  // all messages stay in the store.
  std::string archive_folder = {};
  // A file of SQLite's that takes messages while PostgreSQL is away, for ten minutes at most: a
  // JournaledStore is put in front of it, under a lease of that length in the name of this machine
  // and this file. What PostgreSQL then refuses for good goes to `journal`.refused, a SetAsideFile.
  // Empty: while PostgreSQL is away nothing is acknowledged that is to stay.
  std::string journal = {};
};

struct MadeStore {
  std::unique_ptr<MessageStore> store;  // not opened yet
  // Moves what is older than `before` to the archive, for RetentionOptions::move. Null without one.
  // Not called once the store is gone.
  absl::AnyInvocable<void(WallTime before, Callback<std::size_t> done)> move = {};
};

// For programs that let their operator choose. Those who link madang::any link all these stores; a
// host that knows its store links that.
//   InvalidArgument   another name (the error says which there are); an archive before a store in
//                     memory; a journal beside one that is not far away
//   Unimplemented     an archive or a journal, where madang was built without
absl::StatusOr<MadeStore> make_store(const StoreChoice& choice);

}  // namespace madang
