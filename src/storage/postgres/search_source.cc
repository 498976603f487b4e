// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/search_source.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "storage/postgres/segment_code.h"

namespace madang::postgres {
namespace {

// So few rooms are asked for along with the words. Of more, each is a row to read, and so is about
// each place: they are asked for where that many more messages have the words.
constexpr std::size_t kRoomsAtOnce = 4;
constexpr std::size_t kNumbersPerRoom = 2;
// Of places, that are asked for at once.
constexpr std::size_t kPartsAtOnce = 64;

}  // namespace

const std::vector<std::int64_t>& SearchSource::ask(std::size_t places_wanted) {
  asked_.clear();
  switch (step_) {
    case Step::kWords:
      ask_terms(terms_->words);
      if (terms_->rooms.size() <= kRoomsAtOnce) ask_terms(terms_->rooms);
      break;
    case Step::kRooms:
      ask_terms(terms_->rooms);
      break;
    case Step::kPlaces:
      ask_places(places_wanted);
      break;
  }
  std::sort(asked_.begin(), asked_.end());
  asked_.erase(std::unique(asked_.begin(), asked_.end()), asked_.end());
  return asked_;
}

void SearchSource::ask_terms(const std::vector<Term>& terms) {
  for (const Term term : terms)
    asked_.push_back(part_of_term(term, info_.term_bits));
}

void SearchSource::ask_places(std::size_t places_wanted) {
  for (asked_end_ = at_; asked_end_ < numbers_.size() && asked_end_ - at_ < places_wanted;
       ++asked_end_) {
    const std::int64_t part = part_of_place(numbers_[asked_end_]);
    if (!asked_.empty() && asked_.back() == part) continue;
    if (asked_.size() == kPartsAtOnce) break;
    asked_.push_back(part);
  }
}

absl::Status SearchSource::take(const Parts& parts, std::vector<MessagePlace>& found) {
  switch (step_) {
    case Step::kWords:
      return take_words(parts);
    case Step::kRooms:
      return take_rooms(parts);
    case Step::kPlaces:
      return take_places(parts, found);
  }
  return absl::OkStatus();
}

// A part that is not there has no terms.
absl::Status SearchSource::read(const Parts& parts, Term term, TermList& list) const {
  const auto part = parts.find(part_of_term(term, info_.term_bits));
  if (part == parts.end()) return absl::OkStatus();
  return read_term(part->second, term, info_, list);
}

void SearchSource::keep_common(const TermList& list) {
  std::vector<std::uint32_t> common;
  if (!list.bits.empty()) {
    std::copy_if(numbers_.begin(), numbers_.end(), std::back_inserter(common),
                 [&](std::uint32_t number) { return list.has_bit(number); });
  } else {
    std::set_intersection(numbers_.begin(), numbers_.end(), list.numbers.begin(),
                          list.numbers.end(), std::back_inserter(common));
  }
  numbers_ = std::move(common);
}

absl::Status SearchSource::take_words(const Parts& parts) {
  std::vector<TermList> lists;
  for (const Term term : terms_->words) {
    lists.emplace_back();
    if (absl::Status status = read(parts, term, lists.back()); !status.ok()) return status;
  }
  const std::size_t rooms = terms_->rooms.size();
  if (0 < rooms && rooms <= kRoomsAtOnce) {
    lists.emplace_back();
    if (absl::Status status = read_rooms(parts, lists.back()); !status.ok()) return status;
  }
  if (lists.empty()) {
    numbers_.resize(static_cast<std::size_t>(info_.messages));
    std::iota(numbers_.begin(), numbers_.end(), 0U);
  } else {
    std::sort(lists.begin(), lists.end(),
              [](const TermList& a, const TermList& b) { return a.count < b.count; });
    lists.front().append_to(numbers_);
    for (std::size_t i = 1; i < lists.size() && !numbers_.empty(); ++i)
      keep_common(lists[i]);
  }
  const bool by_room = rooms > kRoomsAtOnce && numbers_.size() > kNumbersPerRoom * rooms;
  step_ = by_room ? Step::kRooms : Step::kPlaces;
  return absl::OkStatus();
}

// A number is there twice where two rooms have the same term, which does no harm.
absl::Status SearchSource::read_rooms(const Parts& parts, TermList& in_rooms) const {
  for (const Term term : terms_->rooms) {
    TermList list;
    if (absl::Status status = read(parts, term, list); !status.ok()) return status;
    list.append_to(in_rooms.numbers);
  }
  std::sort(in_rooms.numbers.begin(), in_rooms.numbers.end());
  in_rooms.count = in_rooms.numbers.size();
  return absl::OkStatus();
}

absl::Status SearchSource::take_rooms(const Parts& parts) {
  TermList in_rooms;
  if (absl::Status status = read_rooms(parts, in_rooms); !status.ok()) return status;
  keep_common(in_rooms);
  step_ = Step::kPlaces;
  return absl::OkStatus();
}

absl::Status SearchSource::take_places(const Parts& parts, std::vector<MessagePlace>& found) {
  std::vector<MessagePlace> places;
  std::int64_t read = 0;  // which part; 0 is none of places
  for (; at_ < asked_end_; ++at_) {
    const std::int64_t number = part_of_place(numbers_[at_]);
    if (number != read) {
      const auto part = parts.find(number);
      if (part == parts.end()) return damaged_segment();
      places.clear();
      if (absl::Status status = read_places(part->second, places); !status.ok()) return status;
      read = number;
    }
    const std::size_t in_part = numbers_[at_] % kPlacesPerPart;
    if (in_part >= places.size() || places[in_part].time > bound_) return damaged_segment();
    bound_ = places[in_part].time;
    found.push_back(places[in_part]);
  }
  return absl::OkStatus();
}

}  // namespace madang::postgres
