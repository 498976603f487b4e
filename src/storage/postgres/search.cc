// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "storage/phrases.h"
#include "storage/postgres/merge.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/row.h"
#include "storage/postgres/search_source.h"

namespace madang::postgres {
namespace {

constexpr std::size_t kSearchMessagesMax = 1000;
// Messages that are fetched beside those that are wanted, where the index cannot tell whether words
// stand beside each other.
constexpr std::size_t kSpareMessages = 50;
// In more rooms than this, a message's room is looked at instead of asking for each.
constexpr std::size_t kRoomsAskedFor = 32;
// Segments that are read at once, and the places that each is asked for: twice as many each time.
constexpr std::size_t kSegmentsMin = 4;
constexpr std::size_t kSegmentsMax = 64;
constexpr std::size_t kPlacesMax = 2048;

// What the index is asked for. The rest of the words is left to looking at the message.
std::vector<Term> terms_of(const std::vector<SearchPhrase>& phrases) {
  std::set<Term> terms;
  for (const SearchPhrase& phrase : phrases) {
    for (std::size_t i = 0; i < phrase.words.size() && terms.size() < kSearchWordsMax; ++i) {
      const bool begins = phrase.prefix && i + 1 == phrase.words.size();
      if (!begins) {
        terms.insert(word_term(phrase.words[i]));
      } else if (const auto beginning = beginning_of(phrase.words[i]); !beginning.empty()) {
        terms.insert(beginning_term(beginning));
      }
    }
  }
  return {terms.begin(), terms.end()};
}

// All of it is read as of one moment, so that segments are not merged away meanwhile.
class Search : public StoreOperation {
 public:
  Search(State& state, SearchQuery query, Callback<SearchPage> done)
      : StoreOperation(state),
        query_(std::move(query)),
        wanted_(std::min(query_.messages_max, kSearchMessagesMax)),
        phrases_(search_phrases(query_.text)),
        reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_) {
      case Step::kBegin:
        return begin(connection);
      case Step::kSegments:
        take_rooms(results[1]);
        take_segments(results[2]);
        return next(connection);
      case Step::kParts:
        if (const absl::Status status = take_parts(results[0]); !status.ok()) return status;
        return next(connection);
      case Step::kMessages:
        if (const absl::Status status = take_messages(results[0]); !status.ok()) return status;
        return next(connection);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kBegin, kSegments, kParts, kMessages };

  struct Room {
    std::string name = {};
    std::int64_t first = 0;
  };
  // In the order of a page, last to first.
  struct Candidate {
    std::int64_t time = 0;
    std::string_view name = {};
    std::int64_t pos = 0;
    std::int64_t room = 0;

    friend bool operator<(const Candidate& a, const Candidate& b) {
      return std::tie(a.time, a.name, a.pos) < std::tie(b.time, b.name, b.pos);
    }
  };

  absl::StatusOr<Progress> finish() {
    reply_(std::move(page_));
    return Progress::kDone;
  }

  absl::StatusOr<Progress> begin(Connection& connection) {
    if (phrases_.empty()) return absl::InvalidArgumentError("no word to search for");
    if (phrases_.size() > kSearchWordsMax)
      return absl::InvalidArgumentError("too many words to search for");
    if (query_.rooms.size() > kSearchRoomsMax)
      return absl::InvalidArgumentError("too many rooms to search in");
    if (query_.rooms.empty() || wanted_ == 0) return finish();
    step_ = Step::kSegments;
    const std::vector<std::string_view> names(query_.rooms.begin(), query_.rooms.end());
    const std::int64_t newest = query_.below ? milliseconds_of(query_.below->time)
                                             : std::numeric_limits<std::int64_t>::max();
    connection.send(state_.sql.begin_reading);
    connection.send(state_.sql.rooms_named, Params().many_bytes(names));
    connection.send(state_.sql.segments, Params().number(newest));
    connection.end_round();
    return Progress::kGoesOn;
  }

  void take_rooms(const Result& rows) {
    for (int i = 0; i < rows.rows(); ++i)
      rooms_[rows.number(i, 0)] = {rows.text(i, 1), rows.number(i, 3)};
    terms_.words = terms_of(phrases_);
    if (rooms_.size() > kRoomsAskedFor) return;
    for (const auto& [id, room] : rooms_)
      terms_.rooms.push_back(room_term(id));
  }

  void take_segments(const Result& rows) {
    if (rooms_.empty()) return;
    for (int i = 0; i < rows.rows(); ++i)
      sources_.emplace_back(rows.number(i, 0), segment_info(rows, i), terms_);
  }

  absl::StatusOr<Progress> next(Connection& connection) {
    sources_.erase(std::remove_if(sources_.begin(), sources_.end(),
                                  [](const SearchSource& source) { return source.done(); }),
                   sources_.end());
    const std::size_t missing = wanted_ - page_.messages.size();
    const std::size_t sure = sure_candidates();
    if (missing == 0 || (sources_.empty() && sure == 0)) return finish();
    if (sources_.empty() || sure >= missing) return ask_messages(connection, sure, missing);
    return ask_parts(connection);
  }

  // Those before which no other can come any more.
  std::size_t sure_candidates() const {
    if (sources_.empty()) return candidates_.size();
    std::int64_t bound = std::numeric_limits<std::int64_t>::min();
    for (const SearchSource& source : sources_)
      bound = std::max(bound, source.bound());
    const auto end = std::find_if(candidates_.rbegin(), candidates_.rend(),
                                  [&](const Candidate& c) { return c.time <= bound; });
    return static_cast<std::size_t>(std::distance(candidates_.rbegin(), end));
  }

  absl::StatusOr<Progress> ask_parts(Connection& connection) {
    step_ = Step::kParts;
    asked_ = std::min(segments_at_once_, sources_.size());
    std::partial_sort(
        sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(asked_), sources_.end(),
        [](const SearchSource& a, const SearchSource& b) { return a.bound() > b.bound(); });
    std::vector<std::int64_t> segments;
    std::vector<std::int64_t> parts;
    for (std::size_t i = 0; i < asked_; ++i) {
      for (const std::int64_t part : sources_[i].ask(places_at_once_)) {
        segments.push_back(sources_[i].id());
        parts.push_back(part);
      }
    }
    segments_at_once_ = std::min(2 * segments_at_once_, kSegmentsMax);
    places_at_once_ = std::min(2 * places_at_once_, kPlacesMax);
    connection.send(state_.sql.segment_parts, Params().numbers(segments).numbers(parts));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::Status take_parts(const Result& rows) {
    absl::flat_hash_map<std::int64_t, SearchSource::Parts> parts;
    for (int i = 0; i < rows.rows(); ++i)
      parts[rows.number(i, 0)][rows.number(i, 1)] = rows.bytes(i, 2);
    std::vector<MessagePlace> found;
    for (std::size_t i = 0; i < asked_; ++i) {
      absl::Status status = sources_[i].take(parts[sources_[i].id()], found);
      if (!status.ok()) return status;
    }
    for (const MessagePlace& place : found)
      consider(place);
    return absl::OkStatus();
  }

  void consider(const MessagePlace& place) {
    const auto room = rooms_.find(place.room);
    if (room == rooms_.end() || place.pos < room->second.first) return;
    const Candidate candidate = {place.time, room->second.name, place.pos, place.room};
    if (query_.below) {
      const SearchCursor& below = *query_.below;
      const auto offset = static_cast<std::uint64_t>(place.pos);
      const std::int64_t time = milliseconds_of(below.time);
      const std::string_view name = below.room;
      if (std::tie(candidate.time, candidate.name, offset) >= std::tie(time, name, below.offset))
        return;
    }
    candidates_.insert(candidate);
  }

  absl::StatusOr<Progress> ask_messages(Connection& connection, std::size_t sure,
                                        std::size_t missing) {
    step_ = Step::kMessages;
    fetched_.clear();
    std::vector<std::int64_t> rooms;
    std::vector<std::int64_t> places;
    std::vector<std::int64_t> times;
    for (std::size_t left = std::min(sure, missing + (needs_text(phrases_) ? kSpareMessages : 0));
         left > 0; --left) {
      const auto last = std::prev(candidates_.end());
      rooms.push_back(last->room);
      places.push_back(last->pos);
      times.push_back(last->time);
      fetched_.push_back(last->name);
      candidates_.erase(last);
    }
    connection.send(state_.sql.messages_at, Params().numbers(rooms).numbers(places).numbers(times));
    connection.end_round();
    return Progress::kGoesOn;
  }

  // A message that is not there was removed.
  absl::Status take_messages(const Result& rows) {
    for (int i = 0; i < rows.rows() && page_.messages.size() < wanted_; ++i) {
      const std::size_t which = rows.offset(i, 0) - 1;
      auto message = message_of(rows, i, 1, std::string(fetched_.at(which)));
      if (!message.ok()) return message.status();
      if (has_phrases(phrases_, message->data.view()))
        page_.messages.push_back(*std::move(message));
    }
    return absl::OkStatus();
  }

  const SearchQuery query_;
  const std::size_t wanted_;
  const std::vector<SearchPhrase> phrases_;
  Reply<absl::StatusOr<SearchPage>> reply_;
  Step step_ = Step::kBegin;
  absl::flat_hash_map<std::int64_t, Room> rooms_;
  SearchTerms terms_;
  std::vector<SearchSource> sources_;  // of which the first `asked_` were asked
  std::size_t asked_ = 0;
  std::size_t segments_at_once_ = kSegmentsMin;
  std::size_t places_at_once_ = 2 * wanted_;
  std::set<Candidate> candidates_;
  std::vector<std::string_view> fetched_;  // the rooms of the messages that were asked for
  SearchPage page_;
};

}  // namespace

std::unique_ptr<Operation> make_search(State& state, SearchQuery query, Callback<SearchPage> done) {
  return std::make_unique<Search>(state, std::move(query), std::move(done));
}

}  // namespace madang::postgres
