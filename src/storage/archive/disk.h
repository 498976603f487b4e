// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace madang::archive {

// Every error names the file. Unavailable, ResourceExhausted if the disk is full, and DataLoss for
// a file that is not there or has more than `bytes_max`.
absl::StatusOr<std::string> read_whole(const std::string& path, std::size_t bytes_max);

// Once this answers OK the file is there with all its bytes, also after a loss of power; before,
// there is none of this name, or the one that was.
absl::Status write_whole(const std::string& folder, const std::string& name,
                         std::string_view bytes);

}  // namespace madang::archive
