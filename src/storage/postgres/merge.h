// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/postgres/segment.h"
#include "storage/postgres/state.h"

namespace madang::postgres {

// A segment's row, as the statements give it.
SegmentInfo segment_info(const Result& rows, int row);
// Puts a segment of the index of words into a round.
void send_segment(const State& state, Connection& connection, const Segment& segment);
// Has the writer merge segments soon, if `level_to_merge` found some, and is not told to already.
void plan_merge(State& state, const Result& level);
// The same for messages that are not in the index yet, if there may be any.
void plan_fill(State& state);

}  // namespace madang::postgres
