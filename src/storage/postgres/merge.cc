// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/merge.h"

#include <utility>
#include <vector>

#include "storage/postgres/clock.h"
#include "storage/postgres/operations.h"

namespace madang::postgres {
namespace {

// Merges the oldest segments of a level into one. Nobody waits for it: one that failed comes again
// with a later batch, unless a segment is damaged.
class Merge : public StoreOperation {
 public:
  Merge(State& state, std::int64_t level) : StoreOperation(state), level_(level) {
    deadline = steady_now() + state.options.request_timeout;
  }

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_++) {
      case 0:
        connection.send(state_.sql.begin);
        connection.send(state_.sql.fence);
        connection.send(state_.sql.segments_to_merge, Params().number(level_));
        connection.send(state_.sql.parts_to_merge, Params().number(level_));
        connection.end_round();
        return Progress::kGoesOn;
      case 1:
        if (const absl::Status status = check_fence(results[1]); !status.ok()) return status;
        return merge(connection, results[2], results[3]);
      default:
        break;
    }
    state_.merging = false;
    plan_merge(state_, results[results.size() - 2]);
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    state_.merging = absl::IsDataLoss(status);
    return status;
  }

 private:
  absl::StatusOr<Progress> merge(Connection& connection, const Result& rows, const Result& parts) {
    std::vector<std::int64_t> ids;
    std::vector<SegmentView> segments;
    int part = 0;
    for (int i = 0; i < rows.rows(); ++i) {
      ids.push_back(rows.number(i, 0));
      segments.push_back({segment_info(rows, i)});
      for (; part < parts.rows() && parts.number(part, 0) == ids.back(); ++part)
        segments.back().parts.emplace_back(parts.number(part, 1), parts.bytes(part, 2));
    }
    const auto merged = merge_segments(segments);
    if (!merged.ok()) return merged.status();
    connection.send(state_.sql.forget_segments, Params().numbers(ids));
    send_segment(state_, connection, *merged);
    connection.send(state_.sql.level_to_merge);
    connection.send(state_.sql.commit);
    connection.end_round();
    return Progress::kGoesOn;
  }

  const std::int64_t level_;
  int step_ = 0;
};

}  // namespace

SegmentInfo segment_info(const Result& rows, int row) {
  return {rows.number(row, 1), rows.number(row, 2), rows.number(row, 3),
          static_cast<int>(rows.number(row, 4))};
}

void send_segment(const State& state, Connection& connection, const Segment& segment) {
  const SegmentInfo& info = segment.info;
  std::vector<std::int64_t> numbers;
  std::vector<std::string_view> data;
  for (const SegmentPart& part : segment.parts) {
    numbers.push_back(part.number);
    data.push_back(part.data);
  }
  connection.send(state.sql.add_segment, Params()
                                             .number(level_of(info))
                                             .number(info.messages)
                                             .number(info.newest)
                                             .number(info.oldest)
                                             .number(info.term_bits)
                                             .numbers(numbers)
                                             .many_bytes(data));
}

void plan_merge(State& state, const Result& level) {
  if (level.rows() == 0 || state.merging) return;
  state.merging = true;
  state.pool->enqueue(Role::kWriter, std::make_unique<Merge>(state, level.number(0, 0)));
}

}  // namespace madang::postgres
