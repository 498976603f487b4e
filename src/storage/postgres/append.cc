// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "storage/postgres/append_plan.h"
#include "storage/postgres/clock.h"
#include "storage/postgres/merge.h"
#include "storage/postgres/months.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

// What is given to libpq at once. It keeps what the socket does not take.
constexpr std::size_t kCopyBytes = std::size_t{64} << 10;
// How much longer than others a batch may take in the end.
constexpr int kPatienceMax = 16;
// Partitions that one round makes; a round has to be over in time.
constexpr std::size_t kMonthsPerRound = 6;

class Append : public StoreOperation {
 public:
  Append(State& state, MessageBatch batch, Callback<AppendResult> done)
      : StoreOperation(state), batch_(std::move(batch)), reply_(std::move(done)), plan_(batch_) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_) {
      case Step::kBegin:
        return begin(connection);
      case Step::kMonths:
        return take_months(connection, results);
      case Step::kRooms:
        return take_rooms(connection, results);
      case Step::kPlaces:
        return take_places(connection, results);
      case Step::kNewRooms:
        plan_.take_created(results[0]);
        return write(connection);
      case Step::kCopy:
        return finish(connection);
      case Step::kCommit:
        return commit(connection, results);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    const bool in_time =
        began_ == MonoTime() || steady_now() - began_ < state_.append_time * 9 / 10;
    if (absl::IsUnavailable(status) && !in_time) {
      state_.append_time =
          std::min(2 * state_.append_time, kPatienceMax * state_.options.request_timeout);
    }
    reply_(status);
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kBegin, kMonths, kRooms, kPlaces, kNewRooms, kCopy, kCommit };

  absl::StatusOr<Progress> refuse(std::vector<Refusal> refused) {
    reply_(AppendResult{std::move(refused)});
    return Progress::kDone;
  }

  absl::StatusOr<Progress> begin(Connection& connection) {
    if (auto refused = plan_.check_contents(state_.options.message_bytes_max); !refused.empty())
      return refuse(std::move(refused));
    if (batch_.empty()) return refuse({});
    began_ = steady_now();
    deadline = began_ + state_.append_time;
    // Room for these messages, and for those of the next two months, before they come.
    const WallTime now = wall_now();
    std::set<int> months;
    if (const auto present = month_of(now, now)) months = {*present, *present + 1, *present + 2};
    for (const StoredMessage& message : batch_) {
      if (const auto month = month_of(message.time, now)) months.insert(*month);
    }
    for (const int month : months) {
      if (!state_.months.contains(month) && !state_.default_months.contains(month))
        new_months_.push_back(month);
    }
    return go_on_with_months(connection);
  }

  absl::StatusOr<Progress> go_on_with_months(Connection& connection) {
    if (new_months_.empty()) return ask_rooms(connection);
    step_ = Step::kMonths;
    asked_months_.clear();
    while (!new_months_.empty() && asked_months_.size() < kMonthsPerRound) {
      asked_months_.push_back(new_months_.back());
      new_months_.pop_back();
      connection.send(state_.sql.create_month(asked_months_.back()));
    }
    connection.send(state_.sql.months);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> take_months(Connection& connection, const Results& results) {
    const Result& names = results.back();
    for (const int month : asked_months_) {
      // One that has no partition now has messages in the default one, and stays there.
      const std::string name = "messages_" + month_name(month);
      bool made = false;
      for (int i = 0; i < names.rows(); ++i)
        made = made || names.bytes(i, 0) == name;
      (made ? state_.months : state_.default_months).insert(month);
    }
    return go_on_with_months(connection);
  }

  absl::StatusOr<Progress> ask_rooms(Connection& connection) {
    step_ = Step::kRooms;
    connection.send(state_.sql.begin);
    connection.send(state_.sql.fence);
    connection.send(state_.sql.rooms_named, Params().many_bytes(plan_.names()));
    if (state_.append_time > state_.options.request_timeout)
      connection.send(state_.sql.limit_transaction,
                      Params().number(milliseconds(state_.append_time)));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> take_rooms(Connection& connection, const Results& results) {
    if (const absl::Status status = check_fence(results[1]); !status.ok()) return status;
    plan_.take_rooms(results[2]);
    plan_.find_places();
    if (!plan_.has_places()) return make_rooms(connection);
    step_ = Step::kPlaces;
    connection.send(state_.sql.places, plan_.places());
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> take_places(Connection& connection, const Results& results) {
    auto refused = plan_.take_places(results[0]);
    if (!refused.ok()) return refused.status();
    if (!refused->empty()) return refuse(*std::move(refused));
    return make_rooms(connection);
  }

  absl::StatusOr<Progress> make_rooms(Connection& connection) {
    const std::vector<std::string_view> missing = plan_.missing();
    if (missing.empty()) return write(connection);
    step_ = Step::kNewRooms;
    connection.send(state_.sql.create_rooms, Params().many_bytes(missing));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> write(Connection& connection) {
    plan_.settle(state_.term, state_.lineage);
    if (plan_.writes().empty()) return finish(connection);
    step_ = Step::kCopy;
    connection.copy(state_.sql.copy, [this] { return next_chunk(); });
    return Progress::kGoesOn;
  }

  std::string next_chunk() {
    std::string chunk;
    const auto& writes = plan_.writes();
    if (written_ > writes.size()) return chunk;
    chunk.reserve(kCopyBytes + kCopyBytes / 4);
    if (written_ == 0) chunk += copy_head();
    while (written_ < writes.size() && chunk.size() < kCopyBytes) {
      const auto& [room, message] = writes[written_++];
      append_row(chunk, room, *message);
      if (state_.options.search) segment_.add(room, *message);
    }
    if (written_ == writes.size()) {
      chunk += copy_tail();
      ++written_;
    }
    return chunk;
  }

  absl::StatusOr<Progress> finish(Connection& connection) {
    step_ = Step::kCommit;
    if (!plan_.writes().empty()) connection.send(state_.sql.update_rooms, plan_.updates());
    if (!segment_.empty()) {
      send_segment(state_, connection, segment_.finish());
      connection.send(state_.sql.level_to_merge);
      asked_level_ = true;
    }
    connection.send(state_.sql.commit);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> commit(Connection& connection, const Results& results) {
    // A server that gives up waiting for its synchronous replica warns and says that it went well.
    if (results.back().command() != "COMMIT" || connection.warnings() > 0)
      return absl::UnavailableError("postgres: it is not known whether the batch was committed");
    state_.append_time = state_.options.request_timeout;
    if (asked_level_) plan_merge(state_, results[results.size() - 2]);
    plan_fill(state_);
    reply_(AppendResult{});
    return Progress::kDone;
  }

  const MessageBatch batch_;
  Reply<absl::StatusOr<AppendResult>> reply_;
  AppendPlan plan_;
  Step step_ = Step::kBegin;
  MonoTime began_;
  std::vector<int> new_months_;
  std::vector<int> asked_months_;
  std::size_t written_ = 0;
  SegmentBuilder segment_;
  bool asked_level_ = false;
};

}  // namespace

std::unique_ptr<Operation> make_append(State& state, MessageBatch batch,
                                       Callback<AppendResult> done) {
  return std::make_unique<Append>(state, std::move(batch), std::move(done));
}

}  // namespace madang::postgres
