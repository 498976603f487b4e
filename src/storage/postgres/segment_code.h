// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/segment.h"

// How the parts of a segment are written. Numbers are of seven bits a byte, the lowest first, with
// the eighth set in all but the last. A part of terms has of each term, ascending: what it is more
// than the one before; how many messages, twice, and one more if a bit of each message of the
// segment follows, the lowest first; how many bytes follow; else of each message what its number is
// more than the one before. A part of places has of each message: room, offset, and by how many
// milliseconds it is older than the one before, of which the first is told whole.
namespace madang::postgres {

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes one off the front. Nothing: there is none.
inline std::optional<std::uint64_t> take_varint(std::string_view& from) {
  std::uint64_t value = 0;
  int shift = 0;
  for (std::size_t i = 0; i < from.size() && shift < 64; ++i, shift += 7) {
    const auto byte = static_cast<unsigned char>(from[i]);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte >= 0x80) continue;
    from.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

// The terms of a part, one after the other.
class TermReader {
 public:
  explicit TermReader(std::string_view part) : left_(part) {}

  // False at the end, and where the part is damaged.
  bool next();
  bool damaged() const { return damaged_; }
  Term term() const { return term_; }
  // Those that have the term, of so many. False: the part is damaged.
  bool read(std::int64_t messages, TermList& list);

 private:
  bool read_head();
  bool read_numbers(std::uint64_t messages, std::vector<std::uint32_t>& numbers) const;

  std::string_view left_;
  std::string_view data_ = {};
  Term term_ = 0;
  std::uint64_t count_ = 0;
  bool bits_ = false;
  bool first_ = true;
  bool damaged_ = false;
};

// Writes the parts of a segment.
class SegmentWriter {
 public:
  // Of so many messages. `bytes` is about what the terms take.
  SegmentWriter(std::size_t messages, std::size_t bytes);

  // In the order of terms; numbers ascending, at least one.
  void add(Term term, const std::vector<std::uint32_t>& numbers);
  // `places` from the newest on, at least one.
  Segment finish(const std::vector<MessagePlace>& places);

 private:
  const std::size_t messages_;
  Segment segment_;
  Term last_ = 0;
  std::string data_;
};

absl::Status damaged_segment();

}  // namespace madang::postgres
