// SPDX-License-Identifier: Apache-2.0
#include "engine/room_storage.h"

#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "madang/base/json.h"

namespace madang {
namespace {

// Rooms that are asked of the store at once; the others wait for these.
constexpr std::size_t kLoadsMax = 64;
constexpr Duration kOpenRetryMin = std::chrono::milliseconds(100);
constexpr Duration kOpenRetryMax = std::chrono::seconds(5);

}  // namespace

RoomStorage::RoomStorage(EngineImpl& engine, Scheduler& home, StorageOptions options,
                         std::uint64_t seed)
    : engine_(engine),
      home_(home),
      options_(std::move(options)),
      store_(*options_.store),
      behind_(home, options_.write_behind, behind_writer_, seed),
      durable_(home, options_.durable, durable_writer_, seed + 1) {}

template <typename Call>
void RoomStorage::at_home(Call call) {
  home_.post([alive = std::weak_ptr(alive_), call = std::move(call)]() mutable {
    if (!alive.expired()) call();
  });
}

template <typename Result, typename Done>
Callback<Result> RoomStorage::answer(Done done) {
  return [&home = home_, alive = std::weak_ptr(alive_),
          done = std::move(done)](absl::StatusOr<Result> result) mutable {
    home.post(
        [alive = std::move(alive), done = std::move(done), result = std::move(result)]() mutable {
          if (!alive.expired()) done(std::move(result));
        });
  };
}

// --- Open and close ------------------------------------------------------------------------------

void RoomStorage::complain(LogLevel level, const absl::Status& what) {
  engine_.log().write(level, "store", std::string(what.message()), home_.now());
}

void RoomStorage::open() {
  at_home([this] { try_open(); });
}

void RoomStorage::try_open() {
  store_.open(
      answer<OpenResult>([this](absl::StatusOr<OpenResult> result) { opened(result.status()); }));
}

void RoomStorage::opened(const absl::Status& status) {
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    if (closing_) return;
    retry_delay_ = std::clamp(2 * retry_delay_, kOpenRetryMin, kOpenRetryMax);
    complain(LogLevel::kWarning, status);
    home_.call_at(home_.now() + retry_delay_, [this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) try_open();
    });
    return;
  }
  if (status.ok()) {
    open_.store(true, std::memory_order_release);
  } else {
    failed_ = absl::UnavailableError("the store can not be used");
    complain(LogLevel::kError, status);
  }
  load_next();
  if (options_.opened) options_.opened(status);
}

StorageState RoomStorage::state(MonoTime now) const {
  return {open_.load(std::memory_order_acquire), behind_.state(now), durable_.state(now)};
}

void RoomStorage::close(Task done) {
  // Called by whichever comes first, the store or the clock; and only once.
  const auto once = std::make_shared<Task>(std::move(done));
  const auto finish = [once] {
    if (*once) std::exchange(*once, nullptr)();
  };
  at_home([this, finish] {
    closing_ = true;
    home_.call_at(home_.now() + options_.flush_timeout, finish);
    if (!open_.load(std::memory_order_relaxed)) return finish();
    durable_.flush([this, finish] { behind_.flush([this, finish] { close_store(finish); }); });
  });
}

void RoomStorage::close_store(Task done) {
  // A pipeline that gave up has messages that were never stored: the end is not a clean one.
  const MonoTime now = home_.now();
  if (behind_.state(now).stopped || durable_.state(now).stopped) return done();
  store_.close([&home = home_, alive = std::weak_ptr(alive_), done = std::move(done)](
                   const absl::Status&) mutable { home.post(std::move(done)); });
}

// --- Loading -------------------------------------------------------------------------------------

void RoomStorage::load(const SlotRef& slot) {
  at_home([this, slot] {
    to_load_.push_back(slot);
    load_next();
  });
}

void RoomStorage::load_next() {
  while (!failed_.ok() && !to_load_.empty()) {
    const SlotRef slot = to_load_.pop_front();
    engine_.shard_of(slot->name()).not_loaded(slot, failed_);
  }
  while (open_.load(std::memory_order_relaxed) && loading_ < kLoadsMax && !to_load_.empty()) {
    const SlotRef slot = to_load_.pop_front();
    ++loading_;
    const RoomOptions& options = slot->options;
    const auto ago = [wall_now = home_.wall_now()](Duration age) {
      return wall_now - std::chrono::duration_cast<std::chrono::milliseconds>(age);
    };
    LoadRequest request;
    request.room = slot->name();
    request.messages_max = options.history.messages_max;
    request.bytes_max = options.history.bytes_max;
    request.since = ago(options.history.age_max);
    request.keys_max = options.idempotency_keys_max;
    request.keys_since = ago(options.idempotency_ttl);
    store_.load(std::move(request),
                answer<StoredRoom>([this, slot](absl::StatusOr<StoredRoom> stored) {
                  --loading_;
                  loaded(slot, std::move(stored));
                  load_next();
                }));
  }
}

namespace {

// Null if a room of JSON has something else stored.
std::optional<Event> event_of(StoredMessage message, const RoomOptions& options) {
  Event event;
  event.offset = event.top_offset = message.offset;
  event.time = message.time;
  event.data = std::move(message.data);
  event.info = std::move(message.info);
  event.tags = std::move(message.tags);
  if (options.payload_kind == PayloadKind::kJson) {
    auto json = checked_json_of(event.data);
    if (!json.ok()) return std::nullopt;
    event.data = *std::move(json);
  }
  return event;
}

StoredMessage message_of(const RoomSlot& slot, const Event& event, std::string key) {
  StoredMessage message;
  message.room = slot.name();
  message.epoch = slot.epoch();
  message.offset = event.offset;
  message.time = event.time;
  message.data = event.data;
  message.info = event.info;
  message.tags = event.tags;
  message.idempotency_key = std::move(key);
  return message;
}

}  // namespace

void RoomStorage::loaded(const SlotRef& slot, absl::StatusOr<StoredRoom> stored) {
  Shard& shard = engine_.shard_of(slot->name());
  if (!stored.ok()) {
    complain(LogLevel::kWarning, stored.status());
    return shard.not_loaded(slot, absl::UnavailableError("the room could not be loaded"));
  }
  const RoomOptions& options = slot->options;
  // An offset that somebody was given must not mean another message under the same epoch.
  const bool goes_on =
      stored->top > 0 &&
      (stored->continuity == Continuity::kComplete ||
       (stored->continuity == Continuity::kStored && options.durability == Durability::kDurable));
  const MonoTime now = home_.now();
  const WallTime wall_now = home_.wall_now();
  const auto mono = [&](WallTime time) {
    return now - std::clamp<Duration>(wall_now - time, Duration(0), std::chrono::years(100));
  };
  Room::Restored restored;
  restored.epoch = goes_on ? std::move(stored->epoch) : slot->epoch();
  restored.top = stored->top;
  for (StoredMessage& message : stored->messages) {
    const WallTime time = message.time;
    auto event = event_of(std::move(message), options);
    if (!event) {
      return shard.not_loaded(slot, absl::UnavailableError("the room's messages are not JSON"));
    }
    event->appended = mono(time);
    restored.messages.push_back(*std::move(event));
  }
  for (StoredKey& key : stored->keys) {
    restored.keys.push_back(
        {std::move(key.key), key.offset, mono(key.time) + options.idempotency_ttl});
  }
  shard.loaded(slot, std::move(restored), stored->first, now);
}

// --- Reading -------------------------------------------------------------------------------------

void RoomStorage::read(const SlotRef& slot, std::uint64_t cursor, Direction direction,
                       const PageBounds& bounds, Callback<Page> done) {
  if (reads_.fetch_add(1, std::memory_order_relaxed) >= engine_.limits().store_reads_max) {
    reads_.fetch_sub(1, std::memory_order_relaxed);
    return done(absl::ResourceExhaustedError("too many pages are being read"));
  }
  PageRequest request;
  request.room = slot->name();
  request.cursor = cursor;
  request.direction = direction;
  request.messages_max = bounds.messages_max;
  request.bytes_max = bounds.bytes_max;
  request.stored_top = slot->stored_offset.load(std::memory_order_relaxed);
  store_.read(std::move(request), answer<StoredPage>([this, slot, done = std::move(done)](
                                                         absl::StatusOr<StoredPage> page) mutable {
                reads_.fetch_sub(1, std::memory_order_relaxed);
                if (!page.ok()) {
                  return done(absl::UnavailableError("the page could not be read"));
                }
                slot->store_first.store(page->first, std::memory_order_relaxed);
                Page events;
                for (StoredMessage& message : page->messages) {
                  auto event = event_of(std::move(message), slot->options);
                  if (!event) return done(absl::DataLossError("what is stored is not JSON"));
                  events.push_back(std::make_shared<const Event>(*std::move(event)));
                }
                done(std::move(events));
              }));
}

void RoomStorage::remove(const SlotRef& slot, StatusCallback done) {
  at_home([this, slot, done = std::move(done)]() mutable {
    if (removals_.size() >= engine_.limits().store_reads_max) {
      return done(absl::ResourceExhaustedError("too many removals wait"));
    }
    const auto top = engine_.shard_of(slot->name()).look(*slot, [](const Room& room) {
      return room.position().offset;
    });
    removals_.push_back({slot, top, std::move(done)});
    remove_stored();
  });
}

void RoomStorage::remove_stored() {
  for (std::size_t i = 0; i < removals_.size();) {
    if (removals_[i].slot->stored_offset.load(std::memory_order_relaxed) < removals_[i].offset) {
      ++i;
      continue;
    }
    Removal removal = std::move(removals_[i]);
    removals_.erase(removals_.begin() + static_cast<std::ptrdiff_t>(i));
    const SlotRef slot = removal.slot;
    const auto offset = removal.offset;
    store_.remove(slot->name(), offset,
                  [finish = answer<bool>([this, slot, offset, done = std::move(removal.done)](
                                             absl::StatusOr<bool> result) mutable {
                     if (result.ok()) {
                       slot->store_first.store(offset + 1, std::memory_order_relaxed);
                       engine_.shard_of(slot->name()).look(*slot, [&](Room& room) {
                         room.clear_history(offset);
                       });
                     }
                     done(result.status());
                   })](const absl::Status& status) mutable {
                    finish(status.ok() ? absl::StatusOr<bool>(true) : status);
                  });
  }
}

// --- Writing -------------------------------------------------------------------------------------

void RoomStorage::append(MessageBatch batch, Callback<AppendResult> done) {
  appends_.push_back({std::move(batch), std::move(done)});
  append_next();
}

void RoomStorage::append_next() {
  if (appending_ || appends_.empty()) return;
  appending_ = true;
  Append next = appends_.pop_front();
  store_.append(std::move(next.batch),
                answer<AppendResult>([this, done = std::move(next.done)](
                                         absl::StatusOr<AppendResult> result) mutable {
                  appending_ = false;
                  done(std::move(result));
                  append_next();
                }));
}

void RoomStorage::BehindWriter::write(std::span<UnsavedMessage> batch,
                                      Callback<AppendResult> done) {
  MessageBatch messages;
  messages.reserve(batch.size());
  for (const UnsavedMessage& unsaved : batch)
    messages.push_back(message_of(*unsaved.slot, *unsaved.event, unsaved.key));
  storage_.append(std::move(messages), std::move(done));
}

void RoomStorage::BehindWriter::written(std::span<UnsavedMessage> batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SlotRef& slot = batch[i].slot;
    const bool last = i + 1 == batch.size() || batch[i + 1].slot != slot;
    if (last) storage_.engine_.shard_of(slot->name()).stored(slot, batch[i].event->offset);
    slot->unsaved.fetch_sub(1, std::memory_order_release);
  }
  storage_.remove_stored();
}

void RoomStorage::BehindWriter::refused(UnsavedMessage& record, const absl::Status& why) {
  RoomStorage& storage = storage_;
  Shard& shard = storage.engine_.shard_of(record.slot->name());
  storage.complain(LogLevel::kError, why);
  if (storage.options_.set_aside) {
    storage.options_.set_aside(message_of(*record.slot, *record.event, record.key), why);
  }
  if (absl::IsAlreadyExists(why) || absl::IsFailedPrecondition(why)) {
    shard.stop(record.slot);
  } else {
    shard.stored(record.slot, record.event->offset);  // it is not waited for
  }
  record.slot->unsaved.fetch_sub(1, std::memory_order_release);
}

}  // namespace madang
