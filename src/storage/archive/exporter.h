// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>

#include "madang/storage/archive/archive_store.h"
#include "madang/storage/message_retention.h"
#include "storage/archive/archive_folder.h"

namespace madang::archive {

// One run through all rooms of a store that moves what is older than `before` to files. Waits for
// the store and for the disk.
class Exporter {
 public:
  // Before messages of a room up to an offset are read, and until the step is over, nobody else may
  // add any: `guard` sees to it, and answers whether it does.
  using Guard = std::function<bool(const std::string& room, std::uint64_t top)>;

  Exporter(MessageStore& store, ArchiveFolder& folder, WallTime before, ArchiveOptions options)
      : store_(store), folder_(folder), before_(before), options_(options) {}

  // At most one file; answers whether that was all. After an error the run is over.
  absl::StatusOr<bool> step(const Guard& guard);

  const ArchiveProgress& progress() const { return progress_; }

 private:
  absl::StatusOr<bool> export_from(const RoomSummary& room);
  // Leaves those of `messages`, which ascend, that no file has.
  absl::Status leave_fresh(const std::string& room, Messages& messages);

  MessageStore& store_;
  ArchiveFolder& folder_;
  const WallTime before_;
  const ArchiveOptions options_;
  std::deque<RoomSummary> rooms_ = {};
  std::string after_ = {};
  ArchiveProgress progress_ = {};
};

struct Export {
  Exporter exporter;
  absl::AnyInvocable<void(const ArchiveProgress&)> progress;
};

}  // namespace madang::archive
