// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"
#include "storage/postgres/result.h"

namespace madang::postgres {

// What COPY begins and ends with.
std::string_view copy_head();
std::string_view copy_tail();

// One row of COPY.
void append_row(std::string& out, std::int64_t room, const StoredMessage& message);

// A message of `room` from a row whose columns from `column` on are those of MessageColumn.
// DataLoss if it is not what append_row() wrote.
absl::StatusOr<StoredMessage> message_of(const Result& result, int row, int column,
                                         std::string room);

// A message's time, as it is stored.
inline std::int64_t milliseconds_of(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime time_of(std::int64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

// The tags, the info, and which payloads are known to be JSON, in the fewest bytes: none for plain
// bytes without any of these.
std::string encode_extra(const StoredMessage& message);
absl::Status decode_extra(std::string_view extra, StoredMessage& message);

}  // namespace madang::postgres
