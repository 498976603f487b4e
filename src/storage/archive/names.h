// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "madang/base/time.h"

namespace madang::archive {

// What a file holds, as its name says: YYYY-MM-FIRST-LAST.ndjson.zst, with offsets of 20 digits.
struct FileName {
  std::string month = {};  // see month_of()
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  std::string text() const;
  // Nothing if it is not the text of one.
  static std::optional<FileName> parse(std::string_view text);
};

// "2026-11", in UTC. All before 1970 is "0000-00", all after the year 9999 is "9999-99".
std::string month_of(WallTime time);
// The first moment that does not belong to `month` any more.
WallTime end_of(const std::string& month);

// A room's folder below that of the archive: its name in hexadecimal digits, so that no name leads
// elsewhere and none is another in disguise. Names too long for one folder go on in a folder below;
// the upper one then ends with a plus.
std::string folder_of(std::string_view room);

// One folder of these, back in bytes.
struct FolderName {
  std::string bytes = {};
  bool goes_on = false;

  static std::optional<FolderName> parse(std::string_view text);
};

inline constexpr std::string_view kUnfinished = ".unfinished";  // how a name ends until it is whole

}  // namespace madang::archive
