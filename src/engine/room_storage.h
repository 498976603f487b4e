// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/shard.h"
#include "madang/base/ring.h"
#include "madang/engine/engine.h"
#include "madang/engine/storage.h"
#include "madang/pipeline/write_behind.h"

namespace madang {

class EngineImpl;

// A message of a write-behind room, which its members have.
struct UnsavedMessage {
  SlotRef slot;
  EventRef event;
  std::string key;
};

// A message of a durable room, which nobody has.
struct DurablePublish {
  SlotRef slot;
  Publication publication;
  WallTime time;
  Callback<PublishResult> done;
  // Of the try under way.
  std::optional<std::uint64_t> repeats;         // the offset that its idempotency key has
  std::optional<std::size_t> repeats_in_batch;  // the record that has the key
};

// What the rooms of an engine have to do with the host's store: loading them, the two pipelines
// that lead there, and pages that reach further back than memory.
//
// The methods marked so are for any thread; the rest, and all that the store answers, happens in
// tasks of the home scheduler, the first lane's. The store is given one batch at a time.
class RoomStorage final : public StoreLog {
 public:
  RoomStorage(EngineImpl& engine, Scheduler& home, StorageOptions options, std::uint64_t seed);

  // --- Any thread ------------------------------------------------------------------------------
  void open();
  // The room is made and loading.
  void load(const SlotRef& slot);
  // Into a durable room that is open. `done` comes on the home scheduler, or at once if it is full.
  void publish(const SlotRef& slot, Publication publication, Callback<PublishResult> done);
  // A page of what is stored of a room, as events without numbers. ResourceExhausted if too many
  // are being read. On the home scheduler, or at once.
  using Page = std::vector<EventRef>;
  void read(const SlotRef& slot, std::uint64_t cursor, Direction direction,
            const PageBounds& bounds, Callback<Page> done);
  // Removes what there is up to now.
  void remove(const SlotRef& slot, StatusCallback done);
  void wake_log() { behind_.wake(); }
  StorageState state(MonoTime now) const;
  // Stores what waits and closes the store. Calls back on the home scheduler, in time.
  void close(Task done);

  // --- StoreLog --------------------------------------------------------------------------------
  bool reserve(std::size_t bytes, MonoTime now) override { return behind_.reserve(bytes, now); }
  void release(std::size_t bytes) override { behind_.release(bytes); }
  bool put(const SlotRef& slot, EventRef event, std::string key, std::size_t bytes,
           MonoTime now) override {
    return behind_.put({slot, std::move(event), std::move(key)}, bytes, now);
  }

 private:
  // The ends of the two pipelines.
  class BehindWriter final : public WriteBehind<UnsavedMessage>::Writer {
   public:
    explicit BehindWriter(RoomStorage& storage) : storage_(storage) {}
    void write(std::span<UnsavedMessage> batch, Callback<AppendResult> done) override;
    void written(std::span<UnsavedMessage> batch) override;
    void refused(UnsavedMessage& record, const absl::Status& why) override;

   private:
    RoomStorage& storage_;
  };
  class DurableWriter final : public WriteBehind<DurablePublish>::Writer {
   public:
    explicit DurableWriter(RoomStorage& storage) : storage_(storage) {}
    void write(std::span<DurablePublish> batch, Callback<AppendResult> done) override;
    void written(std::span<DurablePublish> batch) override;
    void refused(DurablePublish& record, const absl::Status& why) override;

   private:
    void prepare(std::span<DurablePublish> batch);

    RoomStorage& storage_;
    bool prepared_ = false;
    MessageBatch batch_;                // what is new of the records
    std::vector<std::size_t> records_;  // which record each is of
  };

  template <typename Call>
  void at_home(Call call);
  // Brings an answer of the store home; it is dropped if the storage is gone.
  template <typename Result, typename Done>
  Callback<Result> answer(Done done);

  void complain(LogLevel level, const absl::Status& what);
  void try_open();
  void opened(const absl::Status& status);
  void load_next();
  void loaded(const SlotRef& slot, absl::StatusOr<StoredRoom> stored);
  void append(MessageBatch batch, Callback<AppendResult> done);
  void append_next();
  void remove_stored();
  void close_store(Task done);

  EngineImpl& engine_;
  Scheduler& home_;
  StorageOptions options_;
  MessageStore& store_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> reads_{0};

  // The home scheduler's.
  absl::Status failed_;  // the store will never open
  Duration retry_delay_{};
  Ring<SlotRef> to_load_;
  std::size_t loading_ = 0;
  struct Append {
    MessageBatch batch;
    Callback<AppendResult> done;
  };
  Ring<Append> appends_;  // at most one of each pipeline
  bool appending_ = false;
  struct Removal {
    SlotRef slot;
    std::uint64_t offset = 0;
    StatusCallback done;
  };
  std::vector<Removal> removals_;  // that wait until what they remove is stored
  bool closing_ = false;

  BehindWriter behind_writer_{*this};
  DurableWriter durable_writer_{*this};
  WriteBehind<UnsavedMessage> behind_;
  WriteBehind<DurablePublish> durable_;
};

}  // namespace madang
