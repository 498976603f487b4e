// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "storage/postgres/clock.h"
#include "storage/postgres/merge.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/page.h"

namespace madang::postgres {
namespace {

// What is put into the index at once, so that appends do not wait for long.
constexpr std::size_t kFillMessages = 2000;
constexpr std::size_t kFillBytes = std::size_t{4} << 20;

// Puts into the index of words what an older version of the schema had in another one: of one room
// a portion, the newest first. Nobody waits for it: one that failed comes again with a later batch,
// unless a message is damaged.
class Fill : public StoreOperation {
 public:
  explicit Fill(State& state) : StoreOperation(state) {
    deadline = steady_now() + state.options.request_timeout;
  }

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_++) {
      case 0:
        connection.send(state_.sql.begin);
        connection.send(state_.sql.fence);
        connection.send(state_.sql.next_unindexed);
        connection.end_round();
        return Progress::kGoesOn;
      case 1:
        if (const absl::Status status = check_fence(results[1]); !status.ok()) return status;
        return ask_messages(connection, results[2]);
      case 2:
        return write(connection, results[0]);
      default:
        break;
    }
    state_.filling = false;
    plan_merge(state_, results.front());
    plan_fill(state_);
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    state_.filling = absl::IsDataLoss(status);
    return status;
  }

 private:
  absl::StatusOr<Progress> ask_messages(Connection& connection, const Result& room) {
    if (room.rows() == 0) {
      state_.unindexed = false;
      state_.filling = false;
      return Progress::kDone;
    }
    room_ = room.number(0, 0);
    request_ = {.room = room.text(0, 1),
                .cursor = room.offset(0, 2) + 1,
                .direction = Direction::kDown,
                .messages_max = kFillMessages,
                .bytes_max = kFillBytes};
    connection.send(state_.sql.page_down, Params()
                                              .bytes(request_.room)
                                              .offset(request_.cursor)
                                              .offset(request_.messages_max)
                                              .offset(request_.bytes_max));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> write(Connection& connection, const Result& rows) {
    auto page = page_of(rows, request_);
    if (!page.ok()) return page.status();
    SegmentBuilder segment;
    std::uint64_t lowest = request_.cursor;
    for (const StoredMessage& message : page->page.messages) {
      segment.add(room_, message);
      lowest = std::min(lowest, message.offset);
    }
    connection.send(state_.sql.level_to_merge);
    if (!segment.empty()) send_segment(state_, connection, segment.finish());
    if (page->page.messages.empty()) {
      connection.send(state_.sql.note_all_indexed, Params().number(room_));
    } else {
      connection.send(state_.sql.note_indexed, Params().number(room_).offset(lowest - 1));
    }
    connection.send(state_.sql.commit);
    connection.end_round();
    return Progress::kGoesOn;
  }

  int step_ = 0;
  std::int64_t room_ = 0;
  PageRequest request_;
};

}  // namespace

void plan_fill(State& state) {
  if (!state.unindexed || state.filling) return;
  state.filling = true;
  state.pool->enqueue(Role::kWriter, std::make_unique<Fill>(state));
}

}  // namespace madang::postgres
