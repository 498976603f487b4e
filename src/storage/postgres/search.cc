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
// looks for the phrases itself.
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
      case Step::kCandidates:
        return take_candidates(connection, results[0]);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kBegin, kRooms, kCandidates };

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
      rooms_.push_back(rows.number(i, 0));
    if (rooms_.empty()) return finish();
    choose_tokens();
    ranges_ = time_ranges(state_.months);
    below_ = {time_of(std::numeric_limits<std::int64_t>::max()), std::string(256, '\xff'),
              std::uint64_t{1} << 62};
    if (query_.below) below_ = *query_.below;
    return next(connection);
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
    connection.send(state_.sql.search(tokens_.size()), params);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> take_candidates(Connection& connection, const Result& rows) {
    for (int i = 0; i < rows.rows(); ++i) {
      auto message = message_of(rows, i, 1, rows.text(i, 0));
      if (!message.ok()) return message.status();
      below_ = {message->time, message->room, message->offset};
      const auto words = index_words(searchable_text(message->data.view()), kIndexedWordsMax);
      const auto found = [&](const SearchPhrase& phrase) { return found_in(phrase, words); };
      if (!std::all_of(phrases_.begin(), phrases_.end(), found)) continue;
      page_.messages.push_back(*std::move(message));
      if (page_.messages.size() == wanted_) return finish();
    }
    if (static_cast<std::size_t>(rows.rows()) < asked_) ranges_.pop_back();
    return next(connection);
  }

  const SearchQuery query_;
  const std::size_t wanted_;
  const std::vector<SearchPhrase> phrases_;
  Reply<absl::StatusOr<SearchPage>> reply_;
  Step step_ = Step::kBegin;
  std::vector<std::int64_t> rooms_;
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
