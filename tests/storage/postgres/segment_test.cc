// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/segment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "madang/base/random.h"
#include "madang/testing/message_store/messages.h"
#include "storage/postgres/search_source.h"
#include "storage/varint.h"

using namespace madang;
using namespace madang::postgres;
using conformance::message;

namespace {

const std::vector<std::string> kVocabulary = {"always", "often", "seldom", "한국말", "국어사전"};

struct Written {
  MessagePlace place = {};
  std::set<std::size_t> words = {};  // of the vocabulary
};

// Messages of a few rooms, at times in no order, and a segment of each batch of them.
struct Corpus {
  explicit Corpus(std::uint64_t seed, std::size_t batches, std::size_t batch_max) : random(seed) {
    for (std::size_t i = 0; i < batches; ++i) {
      SegmentBuilder builder;
      for (std::uint64_t left = 1 + random.below(batch_max); left > 0; --left)
        add(builder);
      segments.push_back(builder.finish());
    }
  }

  void add(SegmentBuilder& builder) {
    Written written;
    std::string text = "x";
    for (std::size_t word = 0; word < kVocabulary.size(); ++word) {
      if (random.below(std::uint64_t{1} << (2 * word)) != 0) continue;
      written.words.insert(word);
      text += ' ' + kVocabulary[word];
    }
    const std::int64_t room = 1 + static_cast<std::int64_t>(random.below(5));
    StoredMessage stored = message("room", ++tops[room], text);
    stored.time = WallTime(std::chrono::milliseconds(random.below(100'000)));
    written.place = {stored.time.time_since_epoch().count(), room,
                     static_cast<std::int64_t>(stored.offset)};
    builder.add(room, stored);
    all.push_back(written);
  }

  // From the newest on.
  std::vector<MessagePlace> with(const std::vector<std::size_t>& words,
                                 const std::set<std::int64_t>& rooms) const {
    std::vector<MessagePlace> places;
    for (const Written& written : all) {
      const bool has = std::all_of(words.begin(), words.end(),
                                   [&](std::size_t word) { return written.words.contains(word); });
      if (has && rooms.contains(written.place.room)) places.push_back(written.place);
    }
    std::sort(places.begin(), places.end(), std::greater<>());
    return places;
  }

  SeededRandom random;
  std::map<std::int64_t, std::uint64_t> tops;
  std::vector<Written> all;
  std::vector<Segment> segments;
};

SegmentView view_of(const Segment& segment) {
  SegmentView view{.info = segment.info};
  for (const SegmentPart& part : segment.parts)
    view.parts.emplace_back(part.number, part.data);
  std::sort(view.parts.begin(), view.parts.end());
  return view;
}

Segment merged(const std::vector<Segment>& segments) {
  std::vector<SegmentView> views;
  for (const Segment& segment : segments)
    views.push_back(view_of(segment));
  auto result = merge_segments(views);
  REQUIRE(result.ok());
  return *std::move(result);
}

// Everything a search finds in a segment.
absl::StatusOr<std::vector<MessagePlace>> search(const SegmentView& view, const SearchTerms& terms,
                                                 std::size_t places_wanted) {
  SearchSource source(1, view.info, terms);
  std::vector<MessagePlace> found;
  while (!source.done()) {
    const std::int64_t bound = source.bound();
    SearchSource::Parts parts;
    for (const std::int64_t asked : source.ask(places_wanted)) {
      for (const auto& [number, data] : view.parts) {
        if (number == asked) parts[number] = data;
      }
    }
    const std::size_t before = found.size();
    if (auto status = source.take(parts, found); !status.ok()) return status;
    for (std::size_t i = before; i < found.size(); ++i)
      CHECK(found[i].time <= bound);
    if (found.size() > before) CHECK(source.bound() <= found.back().time);
  }
  return found;
}

std::vector<Term> word_terms(const std::vector<std::size_t>& words) {
  std::vector<Term> terms;
  for (const std::size_t word : words) {
    // A word without spaces is found by its pairs, and by how it begins.
    const std::string& text = kVocabulary[word];
    terms.push_back(beginning_of(text).empty() ? word_term(text) : word_term(text.substr(0, 6)));
  }
  return terms;
}

std::vector<Term> room_terms(const std::set<std::int64_t>& rooms) {
  std::vector<Term> terms;
  for (const std::int64_t room : rooms)
    terms.push_back(room_term(room));
  return terms;
}

}  // namespace

TEST_CASE("segment: what was put in is found, alone and merged, whatever the order of times") {
  const std::set<std::int64_t> all_rooms = {1, 2, 3, 4, 5};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Corpus corpus(seed, 1 + seed % 7, seed % 2 == 0 ? 1500 : 40);
    const Segment segment = merged(corpus.segments);
    CHECK(segment.info.messages == static_cast<std::int64_t>(corpus.all.size()));
    const SegmentView view = view_of(segment);
    const std::vector<std::vector<std::size_t>> wanted = {{}, {0}, {2}, {4}, {1, 2}, {0, 1, 3}};
    for (const auto& words : wanted) {
      CAPTURE(words.size());
      const auto found = search(view, {.words = word_terms(words)}, 1 + seed * 17);
      REQUIRE(found.ok());
      CHECK(*found == corpus.with(words, all_rooms));
    }
    // Where many messages have the words, the rooms are asked for, and else only looked at.
    const std::set<std::int64_t> rooms = {2, 5};
    auto found = search(view, {.words = word_terms({0}), .rooms = room_terms(rooms)}, 100);
    REQUIRE(found.ok());
    std::erase_if(*found, [&](const MessagePlace& place) { return !rooms.contains(place.room); });
    CHECK(*found == corpus.with({0}, rooms));
  }
}

TEST_CASE("segment: merging in two steps gives the same as in one") {
  const Corpus corpus(3, 6, 300);
  const Segment once = merged(corpus.segments);
  const Segment first = merged({corpus.segments.begin(), corpus.segments.begin() + 3});
  const Segment second = merged({corpus.segments.begin() + 3, corpus.segments.end()});
  const SegmentView a = view_of(once);
  for (const Term term : word_terms({0, 1, 2, 3, 4})) {
    const Segment twice = merged({first, second});
    CHECK(*search(view_of(twice), {.words = {term}}, 50) == *search(a, {.words = {term}}, 50));
  }
}

TEST_CASE("segment: times and offsets from end to end of what a number holds") {
  SegmentBuilder builder;
  const auto add = [&](std::int64_t time, std::uint64_t offset) {
    StoredMessage stored = message("room", offset, "word");
    stored.time = WallTime(std::chrono::milliseconds(time));
    builder.add(std::numeric_limits<std::int64_t>::max(), stored);
  };
  add(std::numeric_limits<std::int64_t>::min(), 1);
  add(0, 2);
  add(std::numeric_limits<std::int64_t>::max(),
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  const Segment segment = merged({builder.finish()});
  const auto found = search(view_of(segment), {.words = {word_term("word")}}, 1);
  REQUIRE(found.ok());
  REQUIRE(found->size() == 3);
  CHECK(found->front().time == std::numeric_limits<std::int64_t>::max());
  CHECK(found->back().time == std::numeric_limits<std::int64_t>::min());
  CHECK(found->front().pos == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("segment: a message without a word is in none") {
  SegmentBuilder builder;
  builder.add(1, message("room", 1, ""));
  builder.add(1, message("room", 2, " .,;"));
  CHECK(builder.empty());
}

TEST_CASE("segment: damaged parts are an error or a wrong place, and nothing worse") {
  const Corpus corpus(5, 2, 300);
  const Segment whole = merged(corpus.segments);
  SeededRandom random(7);
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    Segment segment = whole;
    SegmentPart& part = segment.parts[random.below(segment.parts.size())];
    const std::size_t at = random.below(part.data.size());
    if (random.below(3) == 0) {
      part.data.resize(at);
    } else {
      part.data[at] = static_cast<char>(random.next());
    }
    const SegmentView view = view_of(segment);
    const auto result = merge_segments({view, view});
    refused += !result.ok();
    for (const Term term : word_terms({0, 2, 3})) {
      const auto found = search(view, {.words = {term}, .rooms = {room_term(1)}}, 400);
      refused += !found.ok();
      if (found.ok()) CHECK(found->size() <= corpus.all.size());
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("segment: numbers of any size are read as written, and a piece of one is not") {
  SeededRandom random(1);
  for (int bits = 0; bits <= 64; ++bits) {
    const std::uint64_t value = bits == 0 ? 0 : random.next() >> (64 - bits);
    std::string text;
    append_varint(text, value);
    std::string_view left = text;
    CHECK(take_varint(left) == value);
    CHECK(left.empty());
    std::string_view piece = std::string_view(text).substr(0, text.size() - 1);
    CHECK_FALSE(take_varint(piece).has_value());
  }
  std::string_view endless = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  CHECK_FALSE(take_varint(endless).has_value());
}
