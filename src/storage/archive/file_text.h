// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"

namespace madang::archive {

// The first line of a file.
struct Header {
  std::string room = {};
  std::string month = {};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::size_t messages = 0;
};

// Lines of JSON, with a line break at the end. The room is in the header alone.
void append_line(std::string& out, const Header& header);
void append_line(std::string& out, const StoredMessage& message);

// The messages in a file's text, and its header. DataLoss if a line is not what append_line()
// writes, or of a newer format.
absl::StatusOr<std::vector<StoredMessage>> parse_text(std::string_view text, Header& header);

}  // namespace madang::archive
