// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "madang/storage/dual_write_store.h"
#include "madang/storage/memory/memory_store.h"
#include "madang/testing/message_store_conformance.h"
#include "storage/worker.h"

namespace madang {

// A MemoryStore whose calls are done on a thread of its own, as those of a store on disk are, and
// whose appends fail when `fails` says so: before they are done or after, as a connection would.
class DistantStore : public MessageStore, public MessageRetention {
 public:
  enum class Fate { kDone, kNotDone, kDoneUnheard, kLost };
  using Fates = std::function<Fate()>;

  explicit DistantStore(std::shared_ptr<MemoryStoreData> data, Fates fates = {})
      : store_(std::move(data)), fates_(std::move(fates)) {}

  void open(Callback<OpenResult> done) override {
    post([this, done = std::move(done)]() mutable { store_.open(std::move(done)); });
  }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    post([this, request = std::move(request), done = std::move(done)]() mutable {
      store_.load(std::move(request), std::move(done));
    });
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    post([this, batch = std::move(batch), done = std::move(done)]() mutable {
      const auto fate = fates_ ? fates_() : Fate::kDone;
      if (fate == Fate::kNotDone) return done(absl::UnavailableError("not done"));
      if (fate == Fate::kLost) return done(absl::FailedPreconditionError("another writer"));
      if (fate == Fate::kDone) return store_.append(std::move(batch), std::move(done));
      store_.append(std::move(batch), [](absl::StatusOr<AppendResult>) {});
      done(absl::UnavailableError("done, perhaps"));
    });
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    post([this, request = std::move(request), done = std::move(done)]() mutable {
      store_.read(std::move(request), std::move(done));
    });
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    post([this, room = std::move(room), offset, done = std::move(done)]() mutable {
      store_.remove(std::move(room), offset, std::move(done));
    });
  }
  void close(StatusCallback done) override {
    post([this, done = std::move(done)]() mutable { store_.close(std::move(done)); });
  }
  MessageRetention* retention() override { return this; }
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override {
    post([this, after = std::move(after), rooms_max, done = std::move(done)]() mutable {
      store_.rooms(std::move(after), rooms_max, std::move(done));
    });
  }
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    post([this, before, messages_max, done = std::move(done)]() mutable {
      store_.expire(before, messages_max, std::move(done));
    });
  }

 private:
  void post(Task task) {
    if (!worker_.post(std::move(task))) std::abort();  // no test asks so much
  }

  MemoryStore store_;
  const Fates fates_;
  Worker worker_{100'000};  // first to be destroyed, so that it answers all
};

// Two sets of data and the store that stands over both.
class DualWriteFixture {
 public:
  using Data = std::shared_ptr<MemoryStoreData>;

  template <typename Result, typename Call>
  static typename Awaited<Result>::Answer answer(const Call& call) {
    Awaited<Result> awaited;
    call(awaited.callback());
    return awaited.wait(std::chrono::seconds(30));
  }

  // What is in `data`, put there by another program that ended well or not.
  static void with_store(const Data& data, const std::function<void(MessageStore&)>& task,
                         bool closes = true) {
    MemoryStore store(data);
    answer<OpenResult>([&](auto done) { store.open(std::move(done)); }).IgnoreError();
    task(store);
    if (closes) answer<void>([&](auto done) { store.close(std::move(done)); }).IgnoreError();
  }
  static absl::Status append(MessageStore& store, const MessageBatch& batch) {
    const auto result =
        answer<AppendResult>([&](auto done) { store.append(batch, std::move(done)); });
    if (!result.ok()) return result.status();
    return result->refused.empty() ? absl::OkStatus() : result->refused[0].status;
  }
  static StoredRoom load(MessageStore& store, const std::string& room) {
    return *answer<StoredRoom>(
        [&](auto done) { store.load(conformance::all_of(room), std::move(done)); });
  }

  std::unique_ptr<DualWriteStore> make(DualWriteOptions options = {},
                                       DistantStore::Fates new_fates = {},
                                       DistantStore::Fates old_fates = {}) {
    return std::make_unique<DualWriteStore>(
        std::make_unique<DistantStore>(old_data, std::move(old_fates)),
        std::make_unique<DistantStore>(new_data, std::move(new_fates)), options);
  }
  static absl::StatusOr<OpenResult> open(MessageStore& store) {
    return answer<OpenResult>([&](auto done) { store.open(std::move(done)); });
  }
  static absl::Status close(MessageStore& store) {
    return answer<void>([&](auto done) { store.close(std::move(done)); });
  }
  static absl::Status backfill(DualWriteStore& store) {
    return answer<void>([&](auto done) { store.backfill({}, std::move(done)); });
  }
  static absl::Status switch_reads(DualWriteStore& store) {
    return answer<void>([&](auto done) { store.switch_reads(std::move(done)); });
  }
  // The rooms that differ, as one line, or the error.
  static std::string verify(DualWriteStore& store) {
    const auto names =
        answer<std::vector<std::string>>([&](auto done) { store.verify(std::move(done)); });
    if (!names.ok()) return names.status().ToString();
    std::string line;
    for (const auto& name : *names)
      line += (line.empty() ? "" : ", ") + name;
    return line;
  }

  const Data old_data = std::make_shared<MemoryStoreData>(MemoryStoreOptions{.name = "old"});
  const Data new_data = std::make_shared<MemoryStoreData>(MemoryStoreOptions{.name = "new"});
};

}  // namespace madang
