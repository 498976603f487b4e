// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "madang/storage/message_search.h"
#include "storage/script.h"

namespace madang {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) { return index_words(text, kIndexedWordsMax); }

// The phrases as one line: words of a phrase joined by +, * behind a beginning.
std::string phrases_of(std::string_view text) {
  std::string line;
  for (const auto& phrase : search_phrases(text)) {
    if (!line.empty()) line += ' ';
    for (std::size_t i = 0; i < phrase.words.size(); ++i)
      line += (i == 0 ? "" : "+") + phrase.words[i];
    if (phrase.prefix) line += '*';
  }
  return line;
}

bool found(const std::string& part, const std::string& text) {
  const auto words = words_of(text);
  for (const auto& phrase : search_phrases(part)) {
    bool met = false;
    for (std::size_t at = 0; at + phrase.words.size() <= words.size() && !met; ++at) {
      met = true;
      for (std::size_t i = 0; i < phrase.words.size() && met; ++i) {
        const bool last = i + 1 == phrase.words.size();
        met = phrase.prefix && last ? words[at + i].starts_with(phrase.words[i])
                                    : words[at + i] == phrase.words[i];
      }
    }
    if (!met) return false;
  }
  return true;
}

TEST_CASE("words: runs of letters and digits, in small letters") {
  CHECK(words_of("Hello, World! v2.0 don't") == Words{"hello", "world", "v2", "0", "don", "t"});
  CHECK(words_of("Ärger ÉTÉ ŁÓDŹ Žižek İ") == Words{"ärger", "été", "łódź", "žižek", "i"});
  CHECK(words_of("МОСКВА Ёлка ЇЖАК") == Words{"москва", "ёлка", "їжак"});
  CHECK(words_of("ΑΘΉΝΑ ὕβρις ΣΟΦΌΣ σοφός") == Words{"αθήνα", "ὕβρισ", "σοφόσ", "σοφόσ"});
  CHECK(words_of("مرحبا، سلام") == Words{"مرحبا", "سلام"});
  CHECK(words_of("สวัสดี ครับ") == Words{"สวัสดี", "ครับ"});
  CHECK(words_of("ＡＢＣ　１２３") == Words{"abc", "123"});
  CHECK(words_of("3×4÷2 ½ “so” — «ja»…") == Words{"3", "4", "2", "so", "ja"});
}

TEST_CASE("words: Hangul, Han and kana come in pairs and with the last character alone") {
  CHECK(words_of("안녕하세요") == Words{"안녕", "녕하", "하세", "세요", "요"});
  CHECK(words_of("마당") == Words{"마당", "당"});
  CHECK(words_of("나") == Words{"나"});
  CHECK(words_of("東京タワー") == Words{"東京", "京タ", "タワ", "ワー", "ー"});
  CHECK(words_of("ひらがな・カナ") == Words{"ひら", "らが", "がな", "な", "カナ", "ナ"});
  CHECK(words_of("𠀀𠀁") == Words{"𠀀𠀁", "𠀁"});
  CHECK(words_of("ㅋㅋㅋ ㅠㅠ") == Words{"ㅋㅋ", "ㅋㅋ", "ㅋ", "ㅠㅠ", "ㅠ"});
  CHECK(words_of("3월 madang마당2") == Words{"3", "월", "madang", "마당", "당", "2"});
}

TEST_CASE("words: Hangul that a Mac wrote in parts is the same Hangul") {
  CHECK(words_of("\u1112\u1161\u11AB\u1100\u1173\u11AF") == words_of("한글"));
  CHECK(words_of("\u1112\u1161 \u1112") == Words{"하", "\u1112"});
}

TEST_CASE("words: joiners and variation selectors are not there, emoji separate") {
  CHECK(words_of("so\u00ADft نمی\u200Cخواهم") == Words{"soft", "نمیخواهم"});
  CHECK(words_of("葛\uFE00城") == words_of("葛城"));
  CHECK(words_of("\uFEFFone\U0001F600two🇰🇷") == Words{"one", "two"});
}

TEST_CASE("words: bytes that are not UTF-8 separate words") {
  using namespace std::string_literals;
  CHECK(words_of("one\xFFtwo\x80three") == Words{"one", "two", "three"});
  CHECK(words_of("one\0two"s) == Words{"one", "two"});
  CHECK(words_of("a\xC0\xAFz \xED\xA0\x80 \xF4\x90\x80\x80 \xEC\x95") == Words{"a", "z"});
}

TEST_CASE("words: are cut to 64 bytes at a whole character") {
  CHECK(words_of(std::string(65, 'x')) == Words{std::string(64, 'x')});
  std::string thai, kept;
  for (int i = 0; i < 30; ++i)
    thai += "ก";
  for (int i = 0; i < 21; ++i)
    kept += "ก";
  CHECK(words_of(thai + "x") == Words{kept});
}

TEST_CASE("words: no more than are asked for") {
  CHECK(index_words("a b c d", 2) == Words{"a", "b"});
  CHECK(index_words("가나다라", 2) == Words{"가나", "나다"});
  CHECK(index_words("a", 0).empty());
  CHECK(words_of("").empty());
  CHECK(words_of(" .,\n!").empty());
}

TEST_CASE("phrases: a run of pairs stays together, every other word is by itself") {
  CHECK(phrases_of("Hello World") == "hello world");
  CHECK(phrases_of("안녕하세요 마당") == "안녕+녕하+하세+세요 마당");
  CHECK(phrases_of("한 3월") == "한* 3 월*");
  CHECK(phrases_of("\"x* OR (y)\" -z NEAR/2") == "x or y z near 2");
  CHECK(phrases_of("?! \xFF").empty());
}

TEST_CASE("phrases: neither their number nor their length follows what was typed") {
  std::string words, run;
  for (int i = 0; i < 1000; ++i) {
    words += "w" + std::to_string(i) + " ";
    run += i % 2 == 0 ? "가" : "나";
  }
  CHECK(search_phrases(words).size() == kSearchWordsMax + 1);
  REQUIRE(search_phrases(run).size() == 1);
  CHECK(search_phrases(run)[0].words.size() == kSearchWordsMax);
  CHECK(found(run, run));
}

TEST_CASE("phrases: find each part of a Korean, Japanese or Chinese word, and nothing else") {
  const std::string text = "오늘 안녕하세요 東京タワー end";
  for (const char* part : {"오", "늘", "오늘", "안", "요", "안녕", "녕하세", "세요", "안녕하세요",
                           "京", "東京", "ワー", "END", "오늘 タワ"}) {
    INFO(part);
    CHECK(found(part, text));
  }
  for (const char* other : {"늘안", "안하", "안녕요", "en", "nd", "東タ", "요오늘"}) {
    INFO(other);
    CHECK_FALSE(found(other, text));
  }
}

TEST_CASE("searchable text: the strings of JSON, not its keys or numbers") {
  CHECK(searchable_text(R"("just text")") == "just text");
  CHECK(
      searchable_text(R"({"from":"ann","n":7,"body":{"text":"hi","tags":["a","b"]},"z":"end"})") ==
      "ann\nhi\na\nb\nend");
  CHECK(searchable_text(R"({"a":"\uc548\ub155"})") == "안녕");
  CHECK(searchable_text("[1,true,null,{}]").empty());
}

TEST_CASE("searchable text: the whole of other UTF-8, nothing of other bytes") {
  CHECK(searchable_text("plain, not JSON") == "plain, not JSON");
  CHECK(searchable_text("{\"broken\": ") == "{\"broken\": ");
  CHECK(searchable_text("\xFF\xFE"
                        "binary")
            .empty());
  CHECK(searchable_text("").empty());
}

TEST_CASE("searchable text: JSON deeper than a payload may nest is text like any other") {
  const std::string deep = std::string(100, '[') + "\"x\"" + std::string(100, ']');
  CHECK(searchable_text(deep) == deep);
  CHECK(searchable_text("[\"y\"]") == "y");
}

TEST_CASE("searchable text: a long payload is read as a short one is") {
  const std::string word(300'000, 'w');
  CHECK(searchable_text("[\"" + word + "\",\"x\"]") == word + "\nx");
  CHECK(searchable_text("[\"x\"]") == "x");
}

TEST_CASE("words: any bytes give words that are UTF-8 and not too long") {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (auto& byte : bytes) {
      // Bytes that are likely to be near a character, or half of one.
      static constexpr unsigned char kNear[] = {'a',  ' ',  0xEC, 0x95, 0x88, 0xE1, 0x84, 0x85,
                                                0xC3, 0x89, 0xF0, 0xA0, 0x80, 0xFF, 0xED, 0x86};
      byte = static_cast<char>(kNear[random() % std::size(kNear)]);
    }
    for (const auto& word : words_of(bytes)) {
      REQUIRE(!word.empty());
      REQUIRE(word.size() <= 64);
      // A word made words of again stays itself: what is stored is what is looked for.
      REQUIRE(words_of(word).front() == word);
      for (std::string_view rest = word; !rest.empty();)
        REQUIRE(take_character(rest) != 0xFFFD);
    }
    (void)searchable_text(bytes);
    (void)search_phrases(bytes);
  }
}

}  // namespace
}  // namespace madang
