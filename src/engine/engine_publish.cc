// SPDX-License-Identifier: Apache-2.0

// The way of a message into its room.

#include <utility>

#include "engine/engine_impl.h"
#include "madang/base/json.h"

namespace madang {

void EngineImpl::when_open(std::string_view room, Callback<SlotRef> then) {
  auto slot = slot_for(room);
  if (!slot.ok()) return then(slot.status());
  if ((*slot)->open.load(std::memory_order_acquire)) return then(*std::move(slot));
  shard_of(room).wait(
      *slot, [then = std::move(then)](const SlotRef& waited, const absl::Status& status) mutable {
        then(status.ok() ? absl::StatusOr<SlotRef>(waited) : status);
      });
}

void EngineImpl::publish(std::string_view room, Payload data, PublishOptions options,
                         Callback<PublishResult> done) {
  const auto refuse = [&](absl::Status status) {
    if (done) done(std::move(status));
  };
  if (draining_.load(std::memory_order_relaxed)) {
    return refuse(absl::UnavailableError("the engine is draining"));
  }
  if (auto status = check_name(room); !status.ok()) return refuse(std::move(status));
  if (options.idempotency_key.size() > limits_.idempotency_key_bytes_max) {
    return refuse(absl::InvalidArgumentError("the idempotency key is too long"));
  }
  Publication publication;
  publication.data = std::move(data);
  publication.tags = std::move(options.tags);
  publication.idempotency_key = std::move(options.idempotency_key);
  publication.keep = options.keep;
  publication.exclude = options.exclude;
  publish_to(room, std::move(publication), false, std::move(done));
}

void EngineImpl::publish_to(std::string_view room, Publication publication, bool checked,
                            Callback<PublishResult> done) {
  const auto refuse = [&](absl::Status status) {
    if (done) done(std::move(status));
  };
  if (publication.data.size() > limits_.payload_bytes_max) {
    return refuse(absl::InvalidArgumentError("message is too large"));
  }
  for (;;) {
    const auto slot = slot_for(room);
    if (!slot.ok()) return refuse(slot.status());
    if (!checked && (*slot)->options.payload_kind == PayloadKind::kJson) {
      auto json = checked_json_of(publication.data);
      if (!json.ok()) return refuse(json.status());
      publication.data = *std::move(json);
      checked = true;
    }
    if (!(*slot)->open.load(std::memory_order_acquire)) {
      return shard_of(room).wait(
          *slot, [this, checked, publication = std::move(publication), done = std::move(done)](
                     const SlotRef& waited, const absl::Status& status) mutable {
            if (!status.ok()) {
              if (done) done(status);
            } else if (!publish_into(waited, publication, done)) {
              publish_to(waited->name(), std::move(publication), checked, std::move(done));
            }
          });
    }
    if (publish_into(*slot, publication, done)) return;
  }
}

bool EngineImpl::publish_into(const SlotRef& slot, Publication& publication,
                              Callback<PublishResult>& done) {
  if (slot->options.durability == Durability::kDurable) {
    storage_->publish(slot, std::move(publication), std::move(done));
    return true;
  }
  const MonoTime now = clock_.now();
  const auto published = shard_of(slot->name()).publish(slot, publication, now, clock_.wall_now());
  if (!published) return false;
  wake(published->wake, now);
  if (published->wake_log) storage_->wake_log();
  if (!done) return true;
  if (published->result.outcome == Room::PublishOutcome::kFull) {
    done(absl::ResourceExhaustedError(published->log_full
                                          ? "too much waits to be stored"
                                          : "the room is full of messages not delivered yet"));
    return true;
  }
  PublishResult result;
  result.repeated = published->result.outcome == Room::PublishOutcome::kDuplicate;
  if (published->result.offset != 0) {
    result.position = {published->result.offset, slot->epoch()};
  }
  done(std::move(result));
  return true;
}

}  // namespace madang
