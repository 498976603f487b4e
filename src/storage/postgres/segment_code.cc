// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/segment_code.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "storage/varint.h"

namespace madang::postgres {
namespace {

// About what a part of terms takes: one row that is not worth much more than finding it.
constexpr std::size_t kPartBytes = 2048;

// Times may be as far apart as numbers go, so their differences are taken without a sign.
std::uint64_t difference(std::int64_t newer, std::int64_t older) {
  return static_cast<std::uint64_t>(newer) - static_cast<std::uint64_t>(older);
}
std::int64_t older_by(std::int64_t newer, std::uint64_t difference) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(newer) - difference);
}

std::string places_part(const MessagePlace* begin, const MessagePlace* end) {
  std::string data;
  std::int64_t time = 0;
  for (const MessagePlace* place = begin; place != end; ++place) {
    append_varint(data, static_cast<std::uint64_t>(place->room));
    append_varint(data, static_cast<std::uint64_t>(place->pos));
    append_varint(data, difference(time, place->time));
    time = place->time;
  }
  return data;
}

}  // namespace

absl::Status damaged_segment() {
  return absl::DataLossError("postgres: the index of words is damaged");
}

bool TermReader::next() {
  if (left_.empty() || damaged_) return false;
  damaged_ = !read_head();
  return !damaged_;
}

bool TermReader::read_head() {
  const auto more = take_varint(left_);
  const auto count = take_varint(left_);
  const auto bytes = take_varint(left_);
  if (!more || !count || !bytes || *bytes > left_.size()) return false;
  if (*more > std::numeric_limits<Term>::max() - term_ || (*more == 0 && !first_)) return false;
  term_ += static_cast<Term>(*more);
  first_ = false;
  count_ = *count / 2;
  bits_ = *count % 2 != 0;
  data_ = left_.substr(0, *bytes);
  left_.remove_prefix(*bytes);
  return count_ > 0 && count_ <= data_.size() * (bits_ ? 8 : 1);
}

bool TermReader::read(std::int64_t messages, TermList& list) {
  list.count = count_;
  if (!bits_) return read_numbers(static_cast<std::uint64_t>(messages), list.numbers);
  // No bit beyond the last message, so that each is one.
  const auto size = static_cast<std::size_t>(messages);
  if (data_.size() != (size + 7) / 8) return false;
  if (size % 8 != 0 && static_cast<unsigned char>(data_.back()) >> size % 8 != 0) return false;
  list.bits = data_;
  return true;
}

bool TermReader::read_numbers(std::uint64_t messages, std::vector<std::uint32_t>& numbers) const {
  numbers.reserve(count_);
  std::string_view from = data_;
  std::uint64_t number = 0;
  for (std::uint64_t i = 0; i < count_; ++i) {
    const auto more = take_varint(from);
    if (!more || *more > std::numeric_limits<std::uint32_t>::max()) return false;
    number += *more;
    if (number >= messages || (*more == 0 && i > 0)) return false;
    numbers.push_back(static_cast<std::uint32_t>(number));
  }
  return from.empty();
}

void TermList::append_to(std::vector<std::uint32_t>& out) const {
  out.insert(out.end(), numbers.begin(), numbers.end());
  for (std::size_t byte = 0; byte < bits.size(); ++byte) {
    for (unsigned left = static_cast<unsigned char>(bits[byte]); left != 0; left &= left - 1)
      out.push_back(static_cast<std::uint32_t>(8 * byte) +
                    static_cast<std::uint32_t>(std::countr_zero(left)));
  }
}

SegmentWriter::SegmentWriter(std::size_t messages, std::size_t bytes) : messages_(messages) {
  const auto parts = std::bit_width(bytes / kPartBytes);
  segment_.info.term_bits = std::min(static_cast<int>(parts), kTermBitsMax);
}

void SegmentWriter::add(Term term, const std::vector<std::uint32_t>& numbers) {
  const std::int64_t part = part_of_term(term, segment_.info.term_bits);
  if (segment_.parts.empty() || segment_.parts.back().number != part) {
    segment_.parts.push_back({.number = part});
    last_ = 0;
  }
  const bool bits = numbers.size() > (messages_ + 7) / 8;
  data_.assign(bits ? (messages_ + 7) / 8 : 0, '\0');
  std::uint32_t before = 0;
  for (const std::uint32_t number : numbers) {
    if (bits) {
      data_[number / 8] = static_cast<char>(data_[number / 8] | 1 << number % 8);
    } else {
      append_varint(data_, number - before);
      before = number;
    }
  }
  std::string& out = segment_.parts.back().data;
  append_varint(out, term - last_);
  append_varint(out, 2 * numbers.size() + (bits ? 1 : 0));
  append_varint(out, data_.size());
  out += data_;
  last_ = term;
}

Segment SegmentWriter::finish(const std::vector<MessagePlace>& places) {
  segment_.info.messages = static_cast<std::int64_t>(places.size());
  segment_.info.newest = places.front().time;
  segment_.info.oldest = places.back().time;
  for (std::size_t at = 0; at < places.size(); at += kPlacesPerPart) {
    const std::size_t end = std::min<std::size_t>(at + kPlacesPerPart, places.size());
    segment_.parts.push_back({part_of_place(static_cast<std::uint32_t>(at)),
                              places_part(places.data() + at, places.data() + end)});
  }
  return std::move(segment_);
}

absl::Status read_term(std::string_view part, Term term, const SegmentInfo& info, TermList& list) {
  TermReader reader(part);
  while (reader.next()) {
    if (reader.term() < term) continue;
    if (reader.term() > term || reader.read(info.messages, list)) return absl::OkStatus();
    return damaged_segment();
  }
  return reader.damaged() ? damaged_segment() : absl::OkStatus();
}

absl::Status read_places(std::string_view part, std::vector<MessagePlace>& places) {
  std::int64_t time = 0;
  while (!part.empty()) {
    const auto room = take_varint(part);
    const auto pos = take_varint(part);
    const auto more = take_varint(part);
    if (!room || !pos || !more) return damaged_segment();
    time = older_by(time, *more);
    places.push_back({time, static_cast<std::int64_t>(*room), static_cast<std::int64_t>(*pos)});
  }
  return absl::OkStatus();
}

}  // namespace madang::postgres
