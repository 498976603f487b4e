// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/archive/archive_store.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "storage/archive/pages.h"
#include "storage/archive/state.h"
#include "storage/blocking.h"

namespace madang {
namespace {

using archive::ArchiveFolder;

// The year 1, which every store knows.
constexpr WallTime kBeforeAll{std::chrono::milliseconds(-62'135'596'800'000)};

absl::Status closed() { return absl::FailedPreconditionError("the archive is closed"); }

// The oldest message in the files; there are some.
absl::StatusOr<WallTime> oldest_in(ArchiveFolder& folder, const std::string& room) {
  WallTime oldest = {};
  auto status =
      folder.walk(room, 0, Direction::kUp, WallTime::min(), [&](const StoredMessage& message) {
        oldest = message.time;
        return false;
      });
  if (!status.ok()) return status;
  return oldest;
}

// Removes at most `messages_max` that are older than `before` and answers how many.
absl::StatusOr<std::size_t> expire_files(ArchiveFolder& folder, WallTime before,
                                         std::size_t messages_max) {
  std::size_t removed = 0;
  for (const auto& room : folder.rooms()) {
    std::uint64_t last = 0;
    auto status =
        folder.walk(room, 0, Direction::kUp, WallTime::min(), [&](const StoredMessage& message) {
          if (removed == messages_max || message.time >= before) return false;
          last = message.offset;
          ++removed;
          return true;
        });
    if (status.ok() && last > 0) status = folder.remove(room, last);
    if (!status.ok()) return status;
    if (removed == messages_max) break;
  }
  return removed;
}

}  // namespace

// The files are the one writer's. Whether another has taken over since is known to the other store,
// which is asked for something that changes nothing.
absl::Status ArchiveStore::may_touch_files(State& state) {
  if (state.closed()) return closed();
  if (state.store().retention() == nullptr) return absl::OkStatus();
  return wait_for<std::size_t>([&](auto answer) {
           state.store().retention()->expire(kBeforeAll, 1, std::move(answer));
         })
      .status();
}

ArchiveStore::ArchiveStore(std::unique_ptr<MessageStore> store, std::string folder,
                           ArchiveOptions options)
    : state_(std::make_unique<State>(std::move(store), std::move(folder), options)) {}

ArchiveStore::~ArchiveStore() = default;

void ArchiveStore::open(Callback<OpenResult> done) {
  State* const state = state_.get();
  // The folder belongs to whoever the other store let in.
  state->store().open([state, done = std::move(done)](absl::StatusOr<OpenResult> opened) mutable {
    if (!opened.ok()) return done(std::move(opened));
    state->work(std::move(done), [state, opened = *std::move(opened)](auto then) mutable {
      if (auto status = state->folder().scan(); !status.ok()) return then(status);
      then(std::move(opened));
    });
  });
}

void ArchiveStore::load(LoadRequest request, Callback<StoredRoom> done) {
  State* const state = state_.get();
  LoadRequest copy = request;
  state->store().load(std::move(copy),
                      [state, request = std::move(request),
                       done = std::move(done)](absl::StatusOr<StoredRoom> room) mutable {
                        // Files come before their messages leave the other store, so this is the
                        // time to ask.
                        if (!room.ok() || !state->folder().holds(request.room))
                          return done(std::move(room));
                        state->work(std::move(done), [state, request = std::move(request),
                                                      room = *std::move(room)](auto then) mutable {
                          then(archive::with_files(state->folder(), request, std::move(room)));
                        });
                      });
}

void ArchiveStore::read(PageRequest request, Callback<StoredPage> done) {
  State* const state = state_.get();
  PageRequest copy = request;
  state->store().read(std::move(copy),
                      [state, request = std::move(request),
                       done = std::move(done)](absl::StatusOr<StoredPage> page) mutable {
                        if (!page.ok() || !state->folder().holds(request.room))
                          return done(std::move(page));
                        state->work(std::move(done), [state, request = std::move(request),
                                                      page = *std::move(page)](auto then) mutable {
                          then(archive::with_files(state->folder(), request, std::move(page)));
                        });
                      });
}

void ArchiveStore::append(MessageBatch batch, Callback<AppendResult> done) {
  State* const state = state_.get();
  if (!state->begin_append(batch)) {
    return done(absl::UnavailableError("messages below this one are being archived"));
  }
  state->store().append(std::move(batch), [state, done = std::move(done)](auto result) mutable {
    state->end_append();
    done(std::move(result));
  });
}

void ArchiveStore::remove(std::string room, std::uint64_t offset, StatusCallback done) {
  State* const state = state_.get();
  // From the files first: what is left is always the newest, whatever happens in between.
  state->work_on_store(std::move(done), [state, room = std::move(room), offset](auto then) {
    auto status = may_touch_files(*state);
    if (status.ok()) status = state->folder().remove(room, offset);
    if (status.ok()) {
      status = wait_for_status(
          [&](auto answer) { state->store().remove(room, offset, std::move(answer)); });
    }
    then(status);
  });
}

void ArchiveStore::close(StatusCallback done) {
  State* const state = state_.get();
  state->end();
  state->work_on_store(std::move(done), [state](auto then) {
    state->set_closed();
    state->store().close(std::move(then));
  });
}

Duration ArchiveStore::lease_left() const { return state_->store().lease_left(); }

MessageSearch* ArchiveStore::search() { return state_->store().search(); }

MessageRetention* ArchiveStore::retention() {
  return state_->store().retention() == nullptr ? nullptr : this;
}

void ArchiveStore::rooms(std::string after, std::size_t rooms_max,
                         Callback<std::vector<RoomSummary>> done) {
  State* const state = state_.get();
  auto add_files =
      [state, done = std::move(done)](absl::StatusOr<std::vector<RoomSummary>> rooms) mutable {
        if (!rooms.ok()) return done(std::move(rooms));
        state->work(std::move(done), [state, rooms = *std::move(rooms)](auto then) mutable {
          for (auto& room : rooms) {
            auto& folder = state->folder();
            if (folder.files(room.room).empty() || folder.first(room.room) >= room.first) continue;
            const auto oldest = oldest_in(folder, room.room);
            if (!oldest.ok()) return then(oldest.status());
            room.first = folder.first(room.room);
            room.oldest = *oldest;
          }
          then(std::move(rooms));
        });
      };
  state->store().retention()->rooms(std::move(after), rooms_max, std::move(add_files));
}

void ArchiveStore::expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) {
  State* const state = state_.get();
  state->work_on_store(std::move(done), [state, before, messages_max](auto then) {
    if (auto status = may_touch_files(*state); !status.ok()) return then(std::move(status));
    const auto files = expire_files(state->folder(), before, messages_max);
    if (!files.ok() || *files == messages_max) return then(files);
    auto rest = wait_for<std::size_t>([&](auto answer) {
      state->store().retention()->expire(before, messages_max - *files, std::move(answer));
    });
    if (rest.ok()) *rest += *files;
    then(std::move(rest));
  });
}

void ArchiveStore::export_before(WallTime before,
                                 absl::AnyInvocable<void(const ArchiveProgress&)> progress,
                                 Callback<ArchiveProgress> done) {
  State* const state = state_.get();
  if (retention() == nullptr || !state->begin_export()) {
    return done(absl::FailedPreconditionError("an export is running, or not possible"));
  }
  auto run = std::make_shared<archive::Export>(
      archive::Export{archive::Exporter(state->store(), state->folder(), before, state->options()),
                      std::move(progress)});
  state->go_on(std::move(run), [state, done = std::move(done)](auto result) mutable {
    state->end_export();
    done(std::move(result));
  });
}

}  // namespace madang
