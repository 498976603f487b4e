// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/segment.h"

#include <algorithm>
#include <numeric>

#include "madang/base/hash.h"
#include "storage/phrases.h"
#include "storage/postgres/big_endian.h"
#include "storage/postgres/row.h"
#include "storage/postgres/segment_code.h"

namespace madang::postgres {
namespace {

// What a term is.
constexpr char kWord = 'w';
constexpr char kBeginning = 'b';
constexpr char kRoom = 'r';

// About what a term of one message takes in a segment of a batch.
constexpr std::size_t kTermBytes = 4;

Term term_of(char kind, std::string_view text) {
  std::string key(1, kind);
  key += text;
  return static_cast<Term>(placement_hash(key));
}

// Where each of `places` comes when they are sorted from the newest on, and that order.
struct Order {
  explicit Order(const std::vector<MessagePlace>& places) : new_number(places.size()) {
    std::vector<std::uint32_t> by_time(places.size());
    std::iota(by_time.begin(), by_time.end(), 0U);
    std::stable_sort(by_time.begin(), by_time.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return places[a] > places[b]; });
    sorted.reserve(places.size());
    for (const std::uint32_t number : by_time) {
      new_number[number] = static_cast<std::uint32_t>(sorted.size());
      sorted.push_back(places[number]);
    }
  }

  std::vector<std::uint32_t> new_number;
  std::vector<MessagePlace> sorted;
};

// The terms of one of the segments that are merged, ascending through all its parts.
class TermSource {
 public:
  // Its messages have new numbers from `numbers` on.
  TermSource(const SegmentView& segment, const std::uint32_t* numbers)
      : segment_(segment), numbers_(numbers), reader_({}) {}

  bool next() {
    while (!reader_.next()) {
      if (reader_.damaged()) return false;
      while (part_ < segment_.parts.size() && segment_.parts[part_].first < 0)
        ++part_;
      if (part_ == segment_.parts.size()) return false;
      reader_ = TermReader(segment_.parts[part_++].second);
    }
    return true;
  }
  bool damaged() const { return reader_.damaged(); }
  Term term() const { return reader_.term(); }

  bool read(std::vector<std::uint32_t>& numbers) {
    TermList list;
    if (!reader_.read(segment_.info.messages, list)) return false;
    const std::size_t before = numbers.size();
    list.append_to(numbers);
    for (std::size_t i = before; i < numbers.size(); ++i)
      numbers[i] = numbers_[numbers[i]];
    return true;
  }

 private:
  const SegmentView& segment_;
  const std::uint32_t* numbers_;
  TermReader reader_;
  std::size_t part_ = 0;
};

// The source that has the lowest term comes first.
struct Later {
  bool operator()(const TermSource* a, const TermSource* b) const { return a->term() > b->term(); }
};

absl::Status merge_terms(std::vector<TermSource>& sources, SegmentWriter& writer) {
  std::vector<TermSource*> heap;
  const auto advance = [&](TermSource& source) {
    if (source.next()) {
      heap.push_back(&source);
      std::push_heap(heap.begin(), heap.end(), Later());
    }
    return !source.damaged();
  };
  for (TermSource& source : sources) {
    if (!advance(source)) return damaged_segment();
  }
  std::vector<std::uint32_t> numbers;
  while (!heap.empty()) {
    const Term term = heap.front()->term();
    numbers.clear();
    while (!heap.empty() && heap.front()->term() == term) {
      std::pop_heap(heap.begin(), heap.end(), Later());
      TermSource& source = *heap.back();
      heap.pop_back();
      if (!source.read(numbers) || !advance(source)) return damaged_segment();
    }
    if (numbers.empty()) return damaged_segment();
    if (!std::is_sorted(numbers.begin(), numbers.end())) std::sort(numbers.begin(), numbers.end());
    writer.add(term, numbers);
  }
  return absl::OkStatus();
}

}  // namespace

Term word_term(std::string_view word) { return term_of(kWord, word); }
Term beginning_term(std::string_view beginning) { return term_of(kBeginning, beginning); }

std::string_view beginning_of(std::string_view word) {
  const auto lead = static_cast<unsigned char>(word.empty() ? 0 : word[0]);
  if (lead < 0xe1) return {};
  return word.substr(0, lead < 0xf0 ? 3 : 4);
}

Term room_term(std::int64_t room) {
  std::string key;
  append_big(key, room);
  return term_of(kRoom, key);
}

void SegmentBuilder::add(std::int64_t room, const StoredMessage& message) {
  const std::vector<std::string> words = words_of(message.data.view());
  if (words.empty()) return;
  const std::uint64_t number = places_.size();
  places_.push_back(
      {milliseconds_of(message.time), room, static_cast<std::int64_t>(message.offset)});
  const auto note = [&](Term term) { terms_.push_back(std::uint64_t{term} << 32 | number); };
  note(room_term(room));
  for (const std::string& word : words) {
    note(word_term(word));
    if (const auto beginning = beginning_of(word); !beginning.empty())
      note(beginning_term(beginning));
  }
}

Segment SegmentBuilder::finish() {
  const Order order(places_);
  for (std::uint64_t& term : terms_)
    term = (term >> 32 << 32) | order.new_number[static_cast<std::uint32_t>(term)];
  std::sort(terms_.begin(), terms_.end());
  terms_.erase(std::unique(terms_.begin(), terms_.end()), terms_.end());

  SegmentWriter writer(places_.size(), terms_.size() * kTermBytes);
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < terms_.size();) {
    const auto term = static_cast<Term>(terms_[i] >> 32);
    numbers.clear();
    for (; i < terms_.size() && terms_[i] >> 32 == term; ++i)
      numbers.push_back(static_cast<std::uint32_t>(terms_[i]));
    writer.add(term, numbers);
  }
  return writer.finish(order.sorted);
}

absl::StatusOr<Segment> merge_segments(const std::vector<SegmentView>& segments) {
  std::vector<MessagePlace> places;
  std::vector<std::size_t> first_place;
  std::size_t bytes = 0;
  for (const SegmentView& segment : segments) {
    first_place.push_back(places.size());
    // The parts of places have numbers below 0, and the first of them is the highest.
    for (auto part = segment.parts.rbegin(); part != segment.parts.rend(); ++part) {
      if (part->first >= 0) {
        bytes += part->second.size();
        continue;
      }
      if (absl::Status status = read_places(part->second, places); !status.ok()) return status;
    }
    const std::size_t count = places.size() - first_place.back();
    if (static_cast<std::int64_t>(count) != segment.info.messages) return damaged_segment();
  }
  if (places.empty()) return damaged_segment();

  const Order order(places);
  std::vector<TermSource> sources;
  for (std::size_t i = 0; i < segments.size(); ++i)
    sources.emplace_back(segments[i], order.new_number.data() + first_place[i]);
  SegmentWriter writer(places.size(), bytes);
  if (absl::Status status = merge_terms(sources, writer); !status.ok()) return status;
  return writer.finish(order.sorted);
}

}  // namespace madang::postgres
