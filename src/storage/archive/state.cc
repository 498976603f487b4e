// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/state.h"

#include <algorithm>

namespace madang {
namespace {

std::string without_end_slash(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/'))
    folder.pop_back();
  return folder;
}

}  // namespace

ArchiveStore::State::State(std::unique_ptr<MessageStore> store, std::string folder,
                           ArchiveOptions options)
    : options_(options),
      folder_(without_end_slash(std::move(folder))),
      store_(std::move(store)),
      worker_(options.calls_max) {}

ArchiveStore::State::~State() {
  end();
  {
    const std::lock_guard lock(store_mutex_);
    ended_ = true;
  }
  store_.reset();
}

bool ArchiveStore::State::begin_append(const MessageBatch& batch) {
  const std::lock_guard lock(mutex_);
  const bool refused = std::any_of(batch.begin(), batch.end(), [this](const auto& message) {
    return message.offset <= guarded_top_ && message.room == guarded_room_;
  });
  if (!refused) ++appends_begun_;
  return !refused;
}

void ArchiveStore::State::end_append() {
  {
    const std::lock_guard lock(mutex_);
    ++appends_ended_;
  }
  news_.notify_all();
}

bool ArchiveStore::State::guard(const std::string& room, std::uint64_t top) {
  std::unique_lock lock(mutex_);
  guarded_room_ = room;
  guarded_top_ = top;
  // One batch comes at a time, so those that end are those that began first.
  const std::uint64_t begun = appends_begun_;
  news_.wait(lock, [&] { return ending_ || appends_ended_ >= begun; });
  return !ending_;
}

void ArchiveStore::State::end_guard() {
  const std::lock_guard lock(mutex_);
  guarded_top_ = 0;
}

bool ArchiveStore::State::begin_export() {
  const std::lock_guard lock(mutex_);
  return !ending_ && !std::exchange(exporting_, true);
}

void ArchiveStore::State::go_on(std::shared_ptr<archive::Export> run,
                                Callback<ArchiveProgress> done) {
  work_on_store(std::move(done), [this, run = std::move(run)](auto then) mutable {
    const auto finished = run->exporter.step(
        [this](const std::string& room, std::uint64_t top) { return guard(room, top); });
    end_guard();
    if (!finished.ok()) return then(finished.status());
    const ArchiveProgress progress = run->exporter.progress();
    if (run->progress != nullptr) run->progress(progress);
    if (*finished) return then(progress);
    go_on(std::move(run), std::move(then));
  });
}

void ArchiveStore::State::end_export() {
  const std::lock_guard lock(mutex_);
  exporting_ = false;
}

void ArchiveStore::State::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  news_.notify_all();
}

}  // namespace madang
