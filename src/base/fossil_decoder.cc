// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/fossil_format.h"
#include "madang/base/fossil_delta.h"

namespace madang {
namespace {

absl::Status bad(const char* what) {
  return absl::InvalidArgumentError(std::string("delta: ") + what);
}

// Walks through a patch command by command.
class PatchReader {
 public:
  PatchReader(std::string_view source, std::string_view patch) : source_(source), rest_(patch) {}

  absl::StatusOr<std::size_t> size() {
    const auto size = number();
    if (!size.ok()) return size.status();
    if (!take('\n')) return bad("no line break after the size");
    return static_cast<std::size_t>(*size);
  }

  // The bytes that the next command adds, which lie in the source or the patch; nothing at the end,
  // when checksum() is what the patch says of the whole.
  absl::StatusOr<std::optional<std::string_view>> next() {
    const auto count = number();
    if (!count.ok()) return count.status();
    if (take('@')) return copy(*count);
    if (take(':')) return literal(*count);
    if (!take(';')) return bad("a count that no command follows");
    if (!rest_.empty()) return bad("it goes on after its checksum");
    checksum_ = *count;
    return std::nullopt;
  }

  std::uint32_t checksum() const { return checksum_; }

 private:
  absl::StatusOr<std::optional<std::string_view>> copy(std::size_t count) {
    const auto offset = number();
    if (!offset.ok()) return offset.status();
    if (!take(',')) return bad("a copy without its comma");
    if (*offset > source_.size() || count > source_.size() - *offset)
      return bad("a copy from outside its source");
    return source_.substr(*offset, count);
  }

  absl::StatusOr<std::optional<std::string_view>> literal(std::size_t count) {
    if (count > rest_.size()) return bad("a literal that is cut off");
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  absl::StatusOr<std::uint32_t> number() {
    std::uint32_t number = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size(); ++digits) {
      const std::uint8_t value = fossil::kValues[static_cast<unsigned char>(rest_[digits])];
      if (value == fossil::kNoDigit) break;
      if (number >> 26 != 0) return bad("a number above 32 bits");
      number = number << 6 | value;
    }
    if (digits == 0) return bad("no number where one must be");
    rest_.remove_prefix(digits);
    return number;
  }

  bool take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view source_;
  std::string_view rest_;
  std::uint32_t checksum_ = 0;
};

}  // namespace

absl::StatusOr<std::string> apply_fossil_delta(std::string_view source, std::string_view patch,
                                               std::size_t size_max) {
  PatchReader reader(source, patch);
  const auto size = reader.size();
  if (!size.ok()) return size.status();
  if (*size > size_max) return absl::OutOfRangeError("delta: it makes more than is allowed");
  const PatchReader first_command = reader;

  std::size_t made = 0;
  while (true) {
    const auto bytes = reader.next();
    if (!bytes.ok()) return bytes.status();
    if (!*bytes) break;
    if ((*bytes)->size() > *size - made) return bad("it makes more than it says");
    made += (*bytes)->size();
  }
  if (made != *size) return bad("it makes less than it says");

  // The same way again, which is known to be good, and to end.
  std::string target;
  target.reserve(made);
  reader = first_command;
  for (auto bytes = reader.next(); bytes.ok() && *bytes; bytes = reader.next())
    target += **bytes;
  if (fossil::checksum(target) != reader.checksum()) return bad("its checksum does not fit");
  return target;
}

}  // namespace madang
