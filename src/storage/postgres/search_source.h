// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "storage/postgres/segment.h"

namespace madang::postgres {

// What is looked for in each segment: messages that have all terms, in one of the rooms. `rooms` is
// empty where there are too many to ask for each.
struct SearchTerms {
  std::vector<Term> words = {};
  std::vector<Term> rooms = {};
};

// One segment on its way through a search. It says which parts it wants, is given them, and gives
// the places that may be what is looked for, from the newest on.
class SearchSource {
 public:
  using Parts = absl::flat_hash_map<std::int64_t, std::string_view>;

  // `terms` outlives it.
  SearchSource(std::int64_t id, SegmentInfo info, const SearchTerms& terms)
      : id_(id), info_(info), terms_(&terms), bound_(info.newest) {}

  std::int64_t id() const { return id_; }
  // None of the places that it has yet to give is newer than this.
  std::int64_t bound() const { return bound_; }
  bool done() const { return step_ == Step::kPlaces && at_ == numbers_.size(); }

  // The parts it wants. More than a few places are asked for only where that many are wanted.
  const std::vector<std::int64_t>& ask(std::size_t places_wanted);
  // Takes what there is of them. Adds places. DataLoss: the segment is damaged.
  absl::Status take(const Parts& parts, std::vector<MessagePlace>& found);

 private:
  enum class Step { kWords, kRooms, kPlaces };

  void ask_terms(const std::vector<Term>& terms);
  void ask_places(std::size_t places_wanted);
  absl::Status take_words(const Parts& parts);
  absl::Status take_rooms(const Parts& parts);
  absl::Status take_places(const Parts& parts, std::vector<MessagePlace>& found);
  absl::Status read(const Parts& parts, Term term, TermList& list) const;
  absl::Status read_rooms(const Parts& parts, TermList& in_rooms) const;
  void keep_common(const TermList& list);

  std::int64_t id_;
  SegmentInfo info_;
  const SearchTerms* terms_;
  Step step_ = Step::kWords;
  std::int64_t bound_;
  std::vector<std::int64_t> asked_;
  std::vector<std::uint32_t> numbers_;  // of the messages that have what was asked for so far
  std::size_t at_ = 0;                  // of them: where the places go on
  std::size_t asked_end_ = 0;
};

}  // namespace madang::postgres
