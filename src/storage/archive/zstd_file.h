// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace madang::archive {

// The text of one file. A message larger than this is not archived.
inline constexpr std::size_t kTextBytesMax = std::size_t{256} << 20;

// One frame of zstd that says how long the text is, and has a checksum of it.
absl::StatusOr<std::string> compressed(std::string_view text);

// DataLoss unless `bytes` are exactly such a frame.
absl::StatusOr<std::string> decompressed(std::string_view bytes);

}  // namespace madang::archive
