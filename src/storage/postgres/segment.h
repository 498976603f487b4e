// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"

// The index of words is made of segments, each of some messages, in the way of a log-structured
// merge tree: a batch writes a small one along with its messages, and small ones are merged into
// larger ones, which are never changed. A segment numbers its messages from the newest on, and
// holds two kinds of parts, each a row: which messages they are, and in which of them a term is. So
// a search reads a few rows a segment, from the newest segment on, until it has its page.
namespace madang::postgres {

// Where a message is stored.
struct MessagePlace {
  std::int64_t time = 0;  // milliseconds
  std::int64_t room = 0;
  std::int64_t pos = 0;

  friend auto operator<=>(const MessagePlace&, const MessagePlace&) = default;
};

// What a message is found by, as a number: a word, the beginning of one, or its room. Two may have
// the same, so what is found is looked at.
using Term = std::uint32_t;
Term word_term(std::string_view word);
// Nothing: a word of this kind is not looked for by its beginning. It is one whose first character
// takes three bytes or more in UTF-8, as those do that are written without spaces.
std::string_view beginning_of(std::string_view word);
Term beginning_term(std::string_view beginning);
Term room_term(std::int64_t room);

struct SegmentInfo {
  std::int64_t messages = 0;
  std::int64_t newest = 0;  // milliseconds, as the next
  std::int64_t oldest = 0;
  int term_bits = 0;  // so many bits of a term say which part it is in
};

// Segments are merged with others of their level, which is that of their size: as soon as there are
// so many of them, or so many messages in them. Those of the full level stay as they are.
inline constexpr int kFullLevel = 4;
inline constexpr int kMergedSegments = 16;
inline constexpr int kMergedMessages = 1 << 17;
inline std::int64_t level_of(const SegmentInfo& info) {
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(info.messages)));
  return std::min(bits / 4, kFullLevel);
}

// Parts of terms count from 0 on, parts of places from -1 down.
struct SegmentPart {
  std::int64_t number = 0;
  std::string data = {};
};

inline constexpr int kTermBitsMax = 12;
inline constexpr std::uint32_t kPlacesPerPart = 256;

inline std::int64_t part_of_term(Term term, int term_bits) {
  return static_cast<std::int64_t>(std::uint64_t{term} >> (32 - term_bits));
}
inline std::int64_t part_of_place(std::uint32_t number) {
  return -1 - static_cast<std::int64_t>(number / kPlacesPerPart);
}

struct Segment {
  SegmentInfo info = {};
  std::vector<SegmentPart> parts = {};
};

// Gathers the messages of a batch.
class SegmentBuilder {
 public:
  void add(std::int64_t room, const StoredMessage& message);
  bool empty() const { return places_.empty(); }
  Segment finish();

 private:
  std::vector<MessagePlace> places_;
  std::vector<std::uint64_t> terms_;  // a term and the place in places_ of a message that has it
};

// A segment as it was read: all parts in the order of their numbers.
struct SegmentView {
  SegmentInfo info = {};
  std::vector<std::pair<std::int64_t, std::string_view>> parts = {};
};

// One of all of them. DataLoss: they are not what was written.
absl::StatusOr<Segment> merge_segments(const std::vector<SegmentView>& segments);

// Which messages of a segment have a term. It lives as long as the part it was read from.
struct TermList {
  std::uint64_t count = 0;
  std::string_view bits = {};               // one a message, if that is shorter; else
  std::vector<std::uint32_t> numbers = {};  // ascending

  bool has_bit(std::uint32_t number) const {
    return (static_cast<unsigned char>(bits[number / 8]) >> number % 8 & 1) != 0;
  }
  // The numbers, also where there are bits.
  void append_to(std::vector<std::uint32_t>& out) const;
};

// What the part of a term says about it; an empty list if that is nothing.
absl::Status read_term(std::string_view part, Term term, const SegmentInfo& info, TermList& list);
absl::Status read_places(std::string_view part, std::vector<MessagePlace>& places);

}  // namespace madang::postgres
