// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "storage/postgres/months.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

constexpr std::size_t kRoomsAtOnce = 10'000;
constexpr std::size_t kExpiredAtOnce = 100'000;

class Rooms : public StoreOperation {
 public:
  Rooms(State& state, std::string after, std::size_t rooms_max,
        Callback<std::vector<RoomSummary>> done)
      : StoreOperation(state),
        after_(std::move(after)),
        rooms_max_(std::min(rooms_max, kRoomsAtOnce)),
        reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      connection.send(state_.sql.list_rooms, Params().bytes(after_).offset(rooms_max_));
      connection.end_round();
      return Progress::kGoesOn;
    }
    std::vector<RoomSummary> rooms;
    const Result& rows = results[0];
    for (int i = 0; i < rows.rows(); ++i) {
      rooms.push_back({rows.text(i, 0), rows.offset(i, 1), rows.offset(i, 2), rows.text(i, 3),
                       time_of(rows.number(i, 4))});
    }
    reply_(std::move(rooms));
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  const std::string after_;
  const std::size_t rooms_max_;
  Reply<absl::StatusOr<std::vector<RoomSummary>>> reply_;
  bool asked_ = false;
};

// Goes through the partitions from the oldest on. One that is older as a whole, and small enough
// for what is allowed, is dropped; of others the oldest rows are deleted.
class Expire : public StoreOperation {
 public:
  Expire(State& state, WallTime before, std::size_t messages_max, Callback<std::size_t> done)
      : StoreOperation(state),
        before_(milliseconds_of(before)),
        messages_max_(messages_max),
        reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_) {
      case Step::kBegin:
        ranges_ = time_ranges(state_.months);
        return next(connection);
      case Step::kCount: {
        const std::int64_t count = results[0].number(0, 0);
        if (count > left()) return ask_delete(connection);
        dropped_ = count;
        return ask_drop(connection);
      }
      case Step::kDelete:
      case Step::kDrop:
        return refresh(connection, results);
      case Step::kCommit:
        return commit(connection, results);
      case Step::kWhere:
        state_.removed_at = std::max(state_.removed_at, results.back().number(0, 0));
        reply_(removed_);
        return Progress::kDone;
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kBegin, kCount, kDelete, kDrop, kCommit, kWhere };

  std::int64_t left() const {
    return static_cast<std::int64_t>(std::min(messages_max_ - removed_, kExpiredAtOnce));
  }
  const TimeRange& range() const { return ranges_[at_]; }
  Params times() const {
    return Params().number(range().from).number(std::min(range().last, before_ - 1));
  }

  absl::StatusOr<Progress> next(Connection& connection) {
    dropped_ = 0;
    if (at_ == ranges_.size() || range().from >= before_ || left() == 0) {
      step_ = Step::kWhere;
      // Where all that is older is gone, so is what the index of words says of it.
      if (left() > 0) connection.send(state_.sql.forget_older, Params().number(before_));
      connection.send(state_.sql.written);
      connection.end_round();
      return Progress::kGoesOn;
    }
    if (!range().month || range().last >= before_) return ask_delete(connection);
    step_ = Step::kCount;
    connection.send(state_.sql.count_month(*range().month), Params().number(left() + 1));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> ask_delete(Connection& connection) {
    step_ = Step::kDelete;
    connection.send(state_.sql.begin);
    connection.send(state_.sql.fence);
    connection.send(state_.sql.delete_older, times().number(left()));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> ask_drop(Connection& connection) {
    step_ = Step::kDrop;
    connection.send(state_.sql.begin);
    connection.send(state_.sql.fence);
    connection.send(state_.sql.rooms_between, times());
    connection.send(state_.sql.drop_month(*range().month));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> refresh(Connection& connection, const Results& results) {
    if (const absl::Status status = check_fence(results[1]); !status.ok()) return status;
    std::vector<std::int64_t> ids;
    for (int i = 0; i < results[2].rows(); ++i)
      ids.push_back(results[2].number(i, 0));
    now_removed_ = step_ == Step::kDrop ? static_cast<std::size_t>(dropped_) : ids.size();
    // A drop is over with its partition; so is a delete that found fewer than it might take.
    drop_done_ = step_ == Step::kDrop;
    range_done_ = drop_done_ || static_cast<std::int64_t>(ids.size()) < left();
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    step_ = Step::kCommit;
    connection.send(state_.sql.refresh_first, Params().numbers(ids));
    connection.send(state_.sql.commit);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> commit(Connection& connection, const Results& results) {
    if (results.back().command() != "COMMIT")
      return absl::UnavailableError("postgres: the removal was not committed");
    if (drop_done_) state_.months.erase(*range().month);
    removed_ += now_removed_;
    if (range_done_) ++at_;
    return next(connection);
  }

  const std::int64_t before_;
  const std::size_t messages_max_;
  Reply<absl::StatusOr<std::size_t>> reply_;
  Step step_ = Step::kBegin;
  std::vector<TimeRange> ranges_;
  std::size_t at_ = 0;
  std::size_t removed_ = 0;
  std::int64_t dropped_ = 0;
  std::size_t now_removed_ = 0;
  bool drop_done_ = false;
  bool range_done_ = false;
};

}  // namespace

std::unique_ptr<Operation> make_rooms(State& state, std::string after, std::size_t rooms_max,
                                      Callback<std::vector<RoomSummary>> done) {
  return std::make_unique<Rooms>(state, std::move(after), rooms_max, std::move(done));
}

std::unique_ptr<Operation> make_expire(State& state, WallTime before, std::size_t messages_max,
                                       Callback<std::size_t> done) {
  return std::make_unique<Expire>(state, before, messages_max, std::move(done));
}

}  // namespace madang::postgres
