// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "madang/base/hash.h"
#include "storage/postgres/big_endian.h"
#include "storage/postgres/months.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

constexpr std::size_t kSearchMessagesMax = 1000;
// Candidates that are asked for at once, beside those that are wanted.
constexpr std::size_t kSpareCandidates = 50;

// How many of the newest messages are looked at, in all rooms, and how often, before the index of
// words is asked.
constexpr double kLookMessagesMin = 2000;
constexpr double kLookMessagesMax = 16'000;
constexpr int kLooksMax = 3;

// Beside a message in an answer of search_newest.
constexpr int kFoundColumn = 1 + kMessageColumns;
constexpr int kLastColumn = kFoundColumn + 1;

// What a token is.
constexpr char kWord = 'w';
constexpr char kBeginning = 'b';

std::int64_t number_of(std::int64_t room, char kind, std::string_view text) {
  std::string key;
  key.reserve(9 + text.size());
  append_big(key, room);
  key += kind;
  key += text;
  return static_cast<std::int64_t>(placement_hash(key));
}

// The first character of a word that may be looked for by its beginning: one that takes three bytes
// or more in UTF-8, as those do that are written without spaces. Empty: it is not.
std::string_view beginning_of(std::string_view word) {
  const auto lead = static_cast<unsigned char>(word.empty() ? 0 : word[0]);
  if (lead < 0xe1) return {};
  return word.substr(0, lead < 0xf0 ? 3 : 4);
}

bool found_at(const SearchPhrase& phrase, const std::vector<std::string>& words, std::size_t at) {
  for (std::size_t i = 0; i < phrase.words.size(); ++i) {
    const std::string_view word = words[at + i];
    const bool begins = phrase.prefix && i + 1 == phrase.words.size();
    if (begins ? !word.starts_with(phrase.words[i]) : word != phrase.words[i]) return false;
  }
  return true;
}

// Whether the words of a phrase stand beside each other in a text.
bool found_in(const SearchPhrase& phrase, const std::vector<std::string>& words) {
  for (std::size_t at = 0; at + phrase.words.size() <= words.size(); ++at) {
    if (found_at(phrase, words, at)) return true;
  }
  return false;
}

// Asks for what has all the words, in one stretch of time after the other from the newest on, and
// looks for the phrases itself. What is common is found soonest by looking at the newest messages
// of each room, what is rare by the index of words; which it is, the first look tells.
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
      case Step::kRooms:
        return take_rooms(connection, results[0]);
      case Step::kLook:
      case Step::kCandidates:
        return take_candidates(connection, results[1]);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kBegin, kRooms, kLook, kCandidates };

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
    step_ = Step::kRooms;
    const std::vector<std::string_view> names(query_.rooms.begin(), query_.rooms.end());
    connection.send(state_.sql.rooms_named, Params().many_bytes(names));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> take_rooms(Connection& connection, const Result& rows) {
    for (int i = 0; i < rows.rows(); ++i)
      take_room(rows, i);
    if (rooms_.empty()) return finish();
    choose_tokens();
    ranges_ = time_ranges(state_.months);
    below_ = {time_of(std::numeric_limits<std::int64_t>::max()), std::string(256, '\xff'),
              std::uint64_t{1} << 62};
    if (query_.below) below_ = *query_.below;
    return next(connection);
  }

  void take_room(const Result& rows, int row) {
    rooms_.push_back(rows.number(row, 0));
    stored_ += static_cast<double>(rows.offset(row, 2) + 1 - rows.offset(row, 3));
  }

  // What the index is asked for. The rest of the words is left to looking at the message.
  void choose_tokens() {
    const auto add = [&](char kind, std::string_view text) {
      const std::pair<char, std::string_view> token(kind, text);
      if (text.empty() || tokens_.size() == kSearchWordsMax) return;
      if (std::find(tokens_.begin(), tokens_.end(), token) == tokens_.end())
        tokens_.push_back(token);
    };
    for (const SearchPhrase& phrase : phrases_) {
      for (std::size_t i = 0; i < phrase.words.size(); ++i) {
        const std::string_view word = phrase.words[i];
        const bool begins = phrase.prefix && i + 1 == phrase.words.size();
        if (begins) {
          add(kBeginning, beginning_of(word));
        } else {
          add(kWord, word);
        }
      }
    }
  }

  absl::StatusOr<Progress> next(Connection& connection) {
    const std::int64_t newest = milliseconds_of(below_.time);
    while (!ranges_.empty() && ranges_.back().from > newest)
      ranges_.pop_back();
    if (ranges_.empty() || page_.messages.size() == wanted_) return finish();
    step_ = Step::kCandidates;
    asked_ = wanted_ - page_.messages.size() + kSpareCandidates;
    Params params;
    params.numbers(rooms_)
        .number(ranges_.back().from)
        .number(ranges_.back().last)
        .number(newest)
        .bytes(below_.room)
        .offset(std::min(below_.offset, std::uint64_t{1} << 62))
        .offset(asked_);
    for (const auto& [kind, text] : tokens_) {
      std::vector<std::int64_t> numbers;
      for (const std::int64_t room : rooms_)
        numbers.push_back(number_of(room, kind, text));
      params.numbers(numbers);
    }
    connection.send(state_.sql.plan_for_values);
    if (looks_left_ > 0) {
      --looks_left_;
      step_ = Step::kLook;
      connection.send(state_.sql.search_newest(tokens_.size()), params.offset(looked_at()));
    } else {
      connection.send(state_.sql.search(tokens_.size()), params);
    }
    connection.end_round();
    return Progress::kGoesOn;
  }

  // Of each room.
  std::size_t looked_at() const { return std::max<std::size_t>(look_messages_ / rooms_.size(), 4); }

  // After a look that found too few. The next one has to go over all that lies between those that
  // are found; the index brings every candidate there is.
  void choose_way(std::size_t candidates, std::size_t found) {
    const auto seen = static_cast<double>(look_messages_);
    const double needed = static_cast<double>(wanted_ - page_.messages.size()) * seen /
                          (static_cast<double>(found) + 1);
    const double from_index = stored_ * (static_cast<double>(candidates) + 1) / seen;
    if (needed > from_index || needed > kLookMessagesMax) looks_left_ = 0;
    look_messages_ =
        static_cast<std::size_t>(std::clamp(2 * needed, kLookMessagesMin, kLookMessagesMax));
  }

  absl::StatusOr<Progress> take_candidates(Connection& connection, const Result& rows) {
    const bool looked = step_ == Step::kLook;
    bool more = static_cast<std::size_t>(rows.rows()) == asked_;
    std::size_t candidates = 0;
    const std::size_t had = page_.messages.size();
    for (int i = 0; i < rows.rows(); ++i) {
      auto message = message_of(rows, i, 1, rows.text(i, 0));
      if (!message.ok()) return message.status();
      below_ = {message->time, message->room, message->offset};
      const bool candidate = !looked || rows.flag(i, kFoundColumn);
      candidates += candidate;
      if (candidate && has_phrases(*message)) page_.messages.push_back(*std::move(message));
      if (page_.messages.size() == wanted_) return finish();
      // Of this room nothing below was looked at, so what was found below in others waits.
      more = more || (looked && rows.flag(i, kLastColumn));
      if (looked && rows.flag(i, kLastColumn)) break;
    }
    if (!more) {
      ranges_.pop_back();
    } else if (looked) {
      choose_way(candidates, page_.messages.size() - had);
    }
    return next(connection);
  }

  bool has_phrases(const StoredMessage& message) const {
    const auto words = index_words(searchable_text(message.data.view()), kIndexedWordsMax);
    return std::all_of(phrases_.begin(), phrases_.end(),
                       [&](const SearchPhrase& phrase) { return found_in(phrase, words); });
  }

  const SearchQuery query_;
  const std::size_t wanted_;
  const std::vector<SearchPhrase> phrases_;
  Reply<absl::StatusOr<SearchPage>> reply_;
  Step step_ = Step::kBegin;
  std::vector<std::int64_t> rooms_;
  double stored_ = 0;  // messages in them
  int looks_left_ = kLooksMax;
  std::size_t look_messages_ = static_cast<std::size_t>(kLookMessagesMin);
  std::vector<std::pair<char, std::string_view>> tokens_;
  std::vector<TimeRange> ranges_;
  SearchCursor below_;
  std::size_t asked_ = 0;
  SearchPage page_;
};

}  // namespace

std::vector<std::int64_t> search_numbers(std::int64_t room, const StoredMessage& message) {
  std::vector<std::int64_t> numbers;
  for (const std::string& word :
       index_words(searchable_text(message.data.view()), kIndexedWordsMax)) {
    numbers.push_back(number_of(room, kWord, word));
    if (const auto beginning = beginning_of(word); !beginning.empty())
      numbers.push_back(number_of(room, kBeginning, beginning));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::unique_ptr<Operation> make_search(State& state, SearchQuery query, Callback<SearchPage> done) {
  return std::make_unique<Search>(state, std::move(query), std::move(done));
}

}  // namespace madang::postgres
