// SPDX-License-Identifier: Apache-2.0

// Pages of history, from memory and from the store as if they were one.

#include <utility>

#include "engine/engine_impl.h"

namespace madang {
namespace {

std::size_t bytes_of(const std::vector<EventRef>& events) {
  std::size_t bytes = 0;
  for (const EventRef& event : events)
    bytes += event->bytes();
  return bytes;
}

}  // namespace

void EngineImpl::when_history(std::string_view room, Callback<SlotRef> then) {
  const auto offered = [](const RoomOptions& options) { return options.has_positions(); };
  auto slot = existing(room, offered);
  if (slot.ok() && (*slot)->open.load(std::memory_order_acquire)) return then(*std::move(slot));
  // What is not in memory may be in the store.
  if (!slot.ok() && !(absl::IsNotFound(slot.status()) && storage_ != nullptr)) {
    return then(slot.status());
  }
  const auto options = options_for(room);
  if (!options.ok()) return then(options.status());
  if (!options->is_stored()) return then(absl::NotFoundError("no such room"));
  when_open(room, std::move(then));
}

void EngineImpl::history(std::string_view room, HistoryQuery query, Callback<HistoryResult> done) {
  if (auto status = check_name(room); !status.ok()) return done(std::move(status));
  when_history(room, [this, query = std::move(query),
                      done = std::move(done)](absl::StatusOr<SlotRef> slot) mutable {
    if (!slot.ok()) return done(slot.status());
    if (query.since && query.reverse && query.since->offset == 0) {
      return done(absl::InvalidArgumentError("nothing is before offset 0"));
    }
    if (query.since && !query.since->epoch.empty() && query.since->epoch != (*slot)->epoch()) {
      return done(absl::DataLossError("the position is of another epoch"));
    }
    read_history(*slot, query, std::move(done));
  });
}

void EngineImpl::read_history(const SlotRef& slot, const HistoryQuery& query,
                              Callback<HistoryResult> done) {
  PageBounds bounds{std::min(limits_.page_messages_max, query.limit), limits_.page_bytes_max};
  HistoryResult result;
  std::uint64_t first = 0;  // in memory
  shard_of(slot->name()).look(*slot, [&](const Room& room) {
    result.messages = room.read_history(query, bounds);
    result.position = room.position();
    first = room.first_offset();
  });
  if (!slot->options.is_stored() || query.limit == 0) return done(std::move(result));

  if (query.reverse) {
    const auto start = query.since ? query.since->offset : result.position.offset + 1;
    const auto below = std::min(start, first);
    const std::size_t bytes = bytes_of(result.messages);
    const bool full = result.messages.size() >= bounds.messages_max ||
                      (!result.messages.empty() && result.messages.back()->offset > first);
    if (full || bytes >= bounds.bytes_max || below <= 1 || below <= slot->store_first.load()) {
      return done(std::move(result));
    }
    bounds.messages_max -= result.messages.size();
    bounds.bytes_max -= bytes;
    return storage_->read(slot, below, Direction::kDown, bounds,
                          [result = std::move(result),
                           done = std::move(done)](absl::StatusOr<RoomStorage::Page> page) mutable {
                            if (!page.ok()) return done(page.status());
                            result.messages.insert(result.messages.end(), page->begin(),
                                                   page->end());
                            done(std::move(result));
                          });
  }

  const auto after = query.since ? query.since->offset : 0;
  if (after + 1 >= first) return done(std::move(result));
  storage_->read(
      slot, after, Direction::kUp, bounds,
      [this, slot, after, bounds,
       done = std::move(done)](absl::StatusOr<RoomStorage::Page> page) mutable {
        if (!page.ok()) return done(page.status());
        HistoryResult all;
        all.messages = *std::move(page);
        const std::size_t bytes = bytes_of(all.messages);
        const auto last = all.messages.empty() ? after : all.messages.back()->offset;
        shard_of(slot->name()).look(*slot, [&](const Room& room) {
          all.position = room.position();
          // A page that ends before memory begins was cut by a bound, and is one.
          const bool meets = all.messages.empty() || last + 1 >= room.first_offset();
          if (!meets || all.messages.size() >= bounds.messages_max ||
              (bytes > 0 && bytes >= bounds.bytes_max)) {
            return;
          }
          HistoryQuery rest;
          rest.since = StreamPosition{last, {}};
          rest.limit = bounds.messages_max - all.messages.size();
          for (auto& event : room.read_history(rest, {rest.limit, bounds.bytes_max - bytes}))
            all.messages.push_back(std::move(event));
        });
        done(std::move(all));
      });
}

void EngineImpl::remove_history(std::string_view room, StatusCallback done) {
  if (auto status = check_name(room); !status.ok()) return done(std::move(status));
  when_history(room, [this, done = std::move(done)](absl::StatusOr<SlotRef> slot) mutable {
    if (!slot.ok()) return done(slot.status());
    if ((*slot)->options.is_stored()) return storage_->remove(*slot, std::move(done));
    shard_of((*slot)->name()).look(**slot, [](Room& state) {
      state.clear_history(state.position().offset);
    });
    done(absl::OkStatus());
  });
}

}  // namespace madang
