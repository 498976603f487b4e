// SPDX-License-Identifier: Apache-2.0
#include "madang/base/fossil_delta.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/fossil_edits.h"

namespace madang {
namespace {

constexpr std::size_t kMiB = 1 << 20;

// What `encoder` says of these two, having looked that it is true.
bool patch_is_right(FossilDeltaEncoder& encoder, std::string_view source, std::string_view target,
                    std::string& patch) {
  if (!encoder.encode(source, target, patch)) {
    CHECK(patch.empty());
    return false;
  }
  CHECK(patch.size() < target.size());
  const auto made = apply_fossil_delta(source, patch, target.size());
  REQUIRE(made.ok());
  CHECK((*made == target));  // In brackets, or a failure would print a megabyte.
  return true;
}

// The size of the patch, or of the target where it has to go whole.
std::size_t cost(FossilDeltaEncoder& encoder, std::string_view source, std::string_view target) {
  std::string patch;
  return patch_is_right(encoder, source, target, patch) ? patch.size() : target.size();
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto head = static_cast<unsigned char>(text[i++]);
    if (head >= 0x80 && head < 0xc2) return false;
    for (int tail = head < 0xc2 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3; tail > 0; --tail, ++i)
      if (i == text.size() || (text[i] & 0xc0) != 0x80) return false;
  }
  return true;
}

TEST_CASE("delta: patches written by hand from the format's description are applied") {
  using namespace std::string_view_literals;
  struct {
    std::string_view source, patch, target;
  } const cases[] = {
      {"", "0\n0;", ""},
      {"anything", "0\n0;", ""},
      // "abcd" is the word 0x61626364; in digits, two bits first: 1 33 24 37 13 36.
      {"", "4\n4:abcd1XObD_;", "abcd"},
      {"wxyzabcd", "4\n4@4,1XObD_;", "abcd"},
      {"-bc", "4\n1:a2@1,1:d1XObD_;", "abcd"},
      {"-bc", "0004\n1:a2@01,0:0@3,1:d1XObD_;", "abcd"},
      // "a" is the word 0x61000000.
      {"xay", "1\n1@1,1X0000;", "a"},
      {"", "1\n1:a1X0000;", "a"},
      // A sum beyond 32 bits, 0xffffffff twice, is 0xfffffffe.
      {"\xff\xff\xff\xff", "8\n4@0,4@0,3~~~~z;", "\xff\xff\xff\xff\xff\xff\xff\xff"},
      // What looks like commands is bytes in a literal, as is a zero.
      {"", "4\n4:1;\0\nmEl0A;"sv, "1;\0\n"sv},
  };
  for (const auto& one : cases) {
    CAPTURE(one.patch);
    const auto made = apply_fossil_delta(one.source, one.patch, one.target.size());
    REQUIRE(made.ok());
    CHECK(*made == one.target);
  }
}

TEST_CASE("delta: what is equal, empty or tiny") {
  FossilDeltaEncoder encoder;
  std::string patch = "something old";
  CHECK_FALSE(encoder.encode("", "", patch));
  CHECK(patch.empty());
  CHECK_FALSE(encoder.encode("abc", "", patch));
  CHECK_FALSE(encoder.encode("", "abc", patch));
  CHECK_FALSE(encoder.encode("abc", "abc", patch));
  CHECK_FALSE(encoder.encode("", std::string(100, 'x'), patch));

  const std::string text = "the quick brown fox jumps over the lazy dog, as ever";
  REQUIRE(patch_is_right(encoder, text, text, patch));
  CHECK(patch.substr(0, patch.find(',') + 1) == "p\np@0,");

  // Every pair of lengths around those at which things begin.
  for (std::size_t source = 0; source <= text.size(); ++source) {
    for (std::size_t target = 0; target <= text.size(); ++target) {
      patch_is_right(encoder, text.substr(0, source), text.substr(0, target), patch);
      patch_is_right(encoder, text.substr(source), text.substr(target), patch);
      patch_is_right(encoder, text.substr(source), text.substr(0, target), patch);
    }
  }
}

TEST_CASE("delta: wholly different texts are said to be so, and the encoder can go on") {
  SeededRandom random(3);
  FossilDeltaEncoder encoder;
  std::string patch;
  for (const std::size_t size : {1u, 7u, 8u, 100u, 5'000u, 300'000u}) {
    CHECK_FALSE(encoder.encode(random_bytes(random, size), random_bytes(random, size), patch));
    CHECK(patch.empty());
    const std::string same = random_bytes(random, 50);
    CHECK(patch_is_right(encoder, same, same, patch));
  }
}

TEST_CASE("delta: after random edits the target is made again, of JSON, binary and repeated text") {
  FossilDeltaEncoder encoder;
  std::string patch;
  for (std::uint64_t seed = 0; seed < 1'500; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::size_t size = random.below(seed % 10 == 0 ? 20'000 : 1'500);
    const auto kind = random.below(3);
    std::string source = kind == 0   ? random_document(random, size)
                         : kind == 1 ? random_bytes(random, size)
                                     : std::string();
    if (kind == 2) {
      const std::string word = random_word(random, 1 + random.below(20));
      while (source.size() < size)
        source += word;
    }
    std::string target = source;
    for (std::uint64_t i = random.below(6); i > 0; --i)
      target = edited(random, target, kind != 1).substr(0, 100'000);
    if (kind != 1) target.resize(character_begin(target, target.size()));
    const bool patched = patch_is_right(encoder, source, target, patch);
    if (patched && is_utf8(target)) CHECK(is_utf8(patch));
  }
}

TEST_CASE("delta: a patch of a text in UTF-8 is UTF-8, though characters share bytes") {
  // Many differ in their first or last byte alone, so copies would begin and end inside.
  SeededRandom random(11);
  const auto syllables = [&](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
      for (const int byte : {0xe1, 0xb0, 0x80})
        text += static_cast<char>(byte + static_cast<int>(random.below(4)));
    return text;
  };
  FossilDeltaEncoder encoder;
  std::string patch;
  int patches = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string source = syllables(200);
    std::string target = source;
    for (int i = 0; i < 4; ++i)
      target.replace(3 * random.below(200), 3, syllables(1 + random.below(3)));
    REQUIRE(is_utf8(target));
    if (!patch_is_right(encoder, source, target, patch)) continue;
    CHECK(is_utf8(patch));
    ++patches;
  }
  CHECK(patches == 300);
}

TEST_CASE("delta: a megabyte of anything is answered, in patches as small as the change") {
  SeededRandom random(5);
  FossilDeltaEncoder encoder;
  const std::string document = random_document(random, kMiB);
  const std::string binary = random_bytes(random, kMiB);
  for (const auto& source : {document, binary}) {
    std::string target = source;
    for (int i = 0; i < 10; ++i)
      target.replace(random.below(target.size() - 100), random.below(50), "CHANGED");
    CHECK(cost(encoder, source, target) < 600);
    // Front and back change places.
    std::rotate(target.begin(), target.begin() + 300'000, target.end());
    CHECK(cost(encoder, source, target) < 700);
  }
  // What is one byte over and over has every place in one bucket.
  CHECK(cost(encoder, std::string(kMiB, 'a'), std::string(kMiB - 5, 'a') + "b") < 40);
  CHECK(cost(encoder, std::string(kMiB, '\x80'), std::string(kMiB / 2, '\x80')) < 40);
  CHECK(cost(encoder, document, binary) == binary.size());
}

TEST_CASE("delta: a few changed fields cost little") {
  SeededRandom random(9);
  FossilDeltaEncoder encoder;
  for (int round = 0; round < 50; ++round) {
    const std::string source = random_document(random, 4'000);
    std::string target = source;
    for (int i = 0; i < 3; ++i) {
      const std::size_t at = target.find("\"score\":", random.below(3'500)) + 8;
      target.replace(at, target.find(',', at) - at, std::to_string(random.below(100'000)));
    }
    CHECK(cost(encoder, source, target) < 110);
  }
}

TEST_CASE("delta: source and target may be the same memory, or overlap") {
  FossilDeltaEncoder encoder;
  SeededRandom random(2);
  const std::string text = random_document(random, 3'000);
  std::string patch;
  CHECK(patch_is_right(encoder, text, text, patch));
  CHECK(patch_is_right(encoder, std::string_view(text).substr(100), text, patch));
}

}  // namespace
}  // namespace madang
