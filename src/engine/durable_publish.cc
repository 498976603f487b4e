// SPDX-License-Identifier: Apache-2.0

// Publishing into durable rooms: stored first, in groups, and then seen.

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/engine_impl.h"
#include "engine/room_storage.h"

namespace madang {

void RoomStorage::publish(const SlotRef& slot, Publication publication,
                          Callback<PublishResult> done) {
  const MonoTime now = home_.now();
  if (durable_.failing()) {
    return done(absl::UnavailableError("the store does not answer"));
  }
  const std::size_t bytes = sizeof(DurablePublish) + publication.data.size() +
                            publication.idempotency_key.size() + 64 * publication.tags.size();
  if (!durable_.reserve(bytes, now)) {
    return done(absl::ResourceExhaustedError("too much waits to be stored"));
  }
  slot->unsaved.fetch_add(1, std::memory_order_relaxed);
  DurablePublish record{slot, std::move(publication), home_.wall_now(), std::move(done), {}, {}};
  if (durable_.put(std::move(record), bytes, now)) durable_.wake();
}

// Numbers the messages as their rooms will, and finds those that came before. Between this and
// written() no other message gets an offset in these rooms.
void RoomStorage::DurableWriter::prepare(std::span<DurablePublish> batch) {
  const MonoTime now = storage_.home_.now();
  absl::flat_hash_map<const RoomSlot*, std::uint64_t> tops;
  absl::flat_hash_map<std::pair<const RoomSlot*, std::string>, std::size_t> keys;
  batch_.clear();
  records_.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    DurablePublish& record = batch[i];
    RoomSlot& slot = *record.slot;
    const Publication& publication = record.publication;
    record.repeats.reset();
    record.repeats_in_batch.reset();
    std::uint64_t top = 0;
    storage_.engine_.shard_of(slot.name()).look(slot, [&](const Room& room) {
      top = room.position().offset;
      if (publication.idempotency_key.empty()) return;
      if (const auto* known = room.find_key(publication.idempotency_key, now)) {
        record.repeats = *known;
      }
    });
    if (record.repeats) continue;
    if (!publication.idempotency_key.empty()) {
      const auto [first, added] = keys.try_emplace({&slot, publication.idempotency_key}, i);
      if (!added) {
        record.repeats_in_batch = first->second;
        continue;
      }
    }
    if (!publication.keep) continue;
    StoredMessage message;
    message.room = slot.name();
    message.epoch = slot.epoch();
    message.offset = ++tops.try_emplace(&slot, top).first->second;
    message.time = record.time;
    message.data = publication.data;
    message.info = publication.info;
    message.tags = publication.tags;
    message.idempotency_key = publication.idempotency_key;
    batch_.push_back(std::move(message));
    records_.push_back(i);
  }
  prepared_ = true;
}

void RoomStorage::DurableWriter::write(std::span<DurablePublish> batch,
                                       Callback<AppendResult> done) {
  // A try again must be the same to the letter.
  if (!prepared_) prepare(batch);
  if (batch_.empty()) return done(AppendResult());
  storage_.append(batch_,
                  [this, done = std::move(done)](absl::StatusOr<AppendResult> result) mutable {
                    if (result.ok()) {
                      for (Refusal& refusal : result->refused)
                        refusal.index = records_[refusal.index];
                    }
                    done(std::move(result));
                  });
}

void RoomStorage::DurableWriter::written(std::span<DurablePublish> batch) {
  prepared_ = false;
  batch_.clear();
  EngineImpl& engine = storage_.engine_;
  const MonoTime now = storage_.home_.now();
  LaneSet wake = 0;
  std::vector<std::uint64_t> offsets(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    DurablePublish& record = batch[i];
    if (record.repeats_in_batch) {
      offsets[i] = offsets[*record.repeats_in_batch];
    } else if (record.repeats) {
      offsets[i] = *record.repeats;
    } else {
      auto published = engine.shard_of(record.slot->name())
                           .publish_stored(record.slot, record.publication, now, record.time);
      offsets[i] = published.result.offset;
      if (offsets[i] != 0) record.slot->stored_offset.store(offsets[i], std::memory_order_relaxed);
      wake |= published.wake;
    }
  }
  engine.wake(wake, now);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    DurablePublish& record = batch[i];
    record.slot->unsaved.fetch_sub(1, std::memory_order_release);
    if (!record.done) continue;
    PublishResult result;
    result.repeated = record.repeats || record.repeats_in_batch;
    if (offsets[i] != 0) result.position = {offsets[i], record.slot->epoch()};
    record.done(std::move(result));
  }
  storage_.remove_stored();
}

void RoomStorage::DurableWriter::refused(DurablePublish& record, const absl::Status& why) {
  prepared_ = false;  // what came after it is numbered again
  storage_.complain(LogLevel::kError, why);
  const bool stopped = absl::IsAlreadyExists(why) || absl::IsFailedPrecondition(why);
  if (stopped) storage_.engine_.shard_of(record.slot->name()).stop(record.slot);
  record.slot->unsaved.fetch_sub(1, std::memory_order_release);
  if (!record.done) return;
  record.done(stopped ? absl::UnavailableError("the store can not be used for this room")
                      : absl::InvalidArgumentError("the store refused the message"));
}

}  // namespace madang
