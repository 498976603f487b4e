// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "madang/storage/archive/archive_store.h"
#include "storage/archive/archive_folder.h"
#include "storage/archive/exporter.h"
#include "storage/worker.h"

namespace madang {

// What callbacks of an ArchiveStore use, whichever thread they come on.
class ArchiveStore::State {
 public:
  State(std::unique_ptr<MessageStore> store, std::string folder, ArchiveOptions options);
  // What waits for the other store is answered by it, what waits for the disk by the worker.
  ~State();

  MessageStore& store() { return *store_; }
  archive::ArchiveFolder& folder() { return folder_; }
  const ArchiveOptions& options() const { return options_; }

  // Runs task(done) on the worker, or answers Unavailable.
  template <typename Done, typename WorkerTask>
  void work(Done done, WorkerTask task) {
    const auto shared = std::make_shared<Done>(std::move(done));
    const bool posted =
        worker_.post([shared, task = std::move(task)]() mutable { task(std::move(*shared)); });
    if (!posted) (*shared)(absl::UnavailableError("too many calls wait for the archive"));
  }
  // The same for a task that uses the other store, which answers Unavailable once that may be gone.
  template <typename Done, typename WorkerTask>
  void work_on_store(Done done, WorkerTask task) {
    work(std::move(done), [this, task = std::move(task)](Done then) mutable {
      const std::unique_lock lock(store_mutex_);
      if (ended_) return then(absl::UnavailableError("the archive is closed"));
      task(std::move(then));
    });
  }

  // An append of something that is to be exported may not begin; one that has begun is waited for.
  bool begin_append(const MessageBatch& batch);
  void end_append();
  bool guard(const std::string& room, std::uint64_t top);
  void end_guard();

  bool begin_export();
  // Does one step and posts itself again, so that reads come in between.
  void go_on(std::shared_ptr<archive::Export> run, Callback<ArchiveProgress> done);
  void end_export();
  void end();

  // The store has been closed, and somebody else may have the folder. On the worker.
  bool closed() const { return closed_; }
  void set_closed() { closed_ = true; }

 private:
  const ArchiveOptions options_;
  archive::ArchiveFolder folder_;

  std::mutex mutex_;  // guards what follows, up to the other store
  std::condition_variable news_;
  std::string guarded_room_ = {};
  std::uint64_t guarded_top_ = 0;
  std::uint64_t appends_begun_ = 0;
  std::uint64_t appends_ended_ = 0;
  bool exporting_ = false;
  bool ending_ = false;

  bool closed_ = false;  // the worker's

  std::mutex store_mutex_;  // held by the worker while it uses the other store
  bool ended_ = false;      // guarded by it
  std::unique_ptr<MessageStore> store_;
  Worker worker_;  // last: its thread uses the others
};

}  // namespace madang
