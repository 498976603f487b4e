// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/segment.h"

// How the parts of a segment are written, all in varints. A part of terms has of each term,
// ascending: what it is more than the one before; how many messages, twice, and one more if a bit
// of each message of the segment follows, the lowest first; how many bytes follow; else of each
// message what its number is more than the one before. A part of places has of each message: room,
// offset, and by how many milliseconds it is older than the one before, of which the first is told
// whole.
namespace madang::postgres {

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
