// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/storage/set_aside_file.h"

namespace madang {

// One line of JSON, with the line break.
std::string set_aside_line(const StoredMessage& message, const absl::Status& why);

// The same again, of a line without its break. DataLoss if it is another; FailedPrecondition if its
// format is newer.
absl::StatusOr<SetAsideMessage> parse_set_aside(std::string_view line);

}  // namespace madang
