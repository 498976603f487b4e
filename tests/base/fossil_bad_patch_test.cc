// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/fossil_edits.h"
#include "madang/base/fossil_delta.h"

namespace madang {
namespace {

const std::string kSource = "0123456789abcdef";

absl::Status refusal(std::string_view source, std::string_view patch, std::size_t size_max = 1000) {
  return apply_fossil_delta(source, patch, size_max).status();
}

// The checksum by its definition, with nothing of the decoder's.
std::uint32_t sum_of(std::string text) {
  text.resize((text.size() + 3) / 4 * 4);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    sum += std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * (3 - i % 4));
  return static_cast<std::uint32_t>(sum);
}

std::string in_digits(std::uint32_t number) {
  std::string digits;
  for (; number > 0; number /= 64)
    digits.insert(digits.begin(),
                  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                  "abcdefghijklmnopqrstuvwxyz~"[number % 64]);
  return digits;
}

TEST_CASE("delta: each kind of bad patch is refused in words of its own") {
  struct {
    std::string_view patch, why;
  } const cases[] = {
      {"", "no number where one must be"},
      {"\n0;", "no number where one must be"},
      {";", "no number where one must be"},
      {"-1\n0;", "no number where one must be"},
      {"0", "no line break after the size"},
      {"0;", "no line break after the size"},
      {"0\r\n0;", "no line break after the size"},
      {"0 \n0;", "no line break after the size"},
      {"0\n", "no number where one must be"},
      {"0\n;", "no number where one must be"},
      {"0\n0", "a count that no command follows"},
      {"0\n0\n", "a count that no command follows"},
      {"4\n4", "a count that no command follows"},
      {"4\n4@", "no number where one must be"},
      {"4\n4@,0;", "no number where one must be"},
      {"4\n4@0", "a copy without its comma"},
      {"4\n4@0;", "a copy without its comma"},
      {"4\n4@0:0;", "a copy without its comma"},
      {"4\n@0,0;", "no number where one must be"},
      {"4\n4:abc", "a literal that is cut off"},
      {"4\n3~~~~~:abcd1XObD_;", "a literal that is cut off"},
      {"4\n4:abcd", "no number where one must be"},
      {"4\n4:abcd1XObD_", "a count that no command follows"},
      {"4\n4:abcd1XObD_;\n", "it goes on after its checksum"},
      {"4\n4:abcd1XObD_;4:abcd1XObD_;", "it goes on after its checksum"},
      {"4\n4:abcd1XObDZ;", "its checksum does not fit"},
      {"4\n4:abcd0;", "its checksum does not fit"},
      {"4\n4:abce1XObD_;", "its checksum does not fit"},
      {"4\n3:abc1XObC0;", "it makes less than it says"},
      {"4\n1XObD_;", "it makes less than it says"},
      {"4\n5:abcde1XObD_;", "it makes more than it says"},
      {"4\n4:abcd1@0,1XObD_;", "it makes more than it says"},
      {"0\n1:a0;", "it makes more than it says"},
      {"1\n1@G,0;", "a copy from outside its source"},
      {"2\n2@F,0;", "a copy from outside its source"},
      {"H\nH@0,0;", "a copy from outside its source"},
      {"1\n1@3~~~~~,0;", "a copy from outside its source"},
      {"2\n3~~~~~@2,0;", "a copy from outside its source"},
      {"400000\n0;", "a number above 32 bits"},
      {"1\n400001:a0;", "a number above 32 bits"},
      {"1\n1@400001,0;", "a number above 32 bits"},
      {"1\n1:a400001X0000;", "a number above 32 bits"},
      {"~~~~~~~~~~~~~~~~~~~~\n0;", "a number above 32 bits"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.patch);
    const absl::Status status = refusal(kSource, one.patch);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == "delta: " + std::string(one.why));
  }
  CHECK_FALSE(refusal("", "1\n1@0,0;").ok());
}

TEST_CASE("delta: more than the caller allows is refused before it is made") {
  CHECK(refusal("", "4\n4:abcd1XObD_;", 4).ok());
  for (const char* patch : {"4\n4:abcd1XObD_;", "3~~~~~\n0;", "3~~~~~\n", "3~~~~~\n3~~~~~@0,0;"}) {
    CAPTURE(patch);
    CHECK(refusal("", patch, 3).code() == absl::StatusCode::kOutOfRange);
  }
  CHECK(refusal("", "0\n0;", 0).ok());
  // A claim within bounds that the patch does not live up to costs nothing either.
  CHECK(refusal("", "3~~~~~\n0;", SIZE_MAX).message() == "delta: it makes less than it says");
  // Each of these copies is good, and together they make nearly what is said.
  const std::string source(1 << 20, 'x');
  std::string patch = "3~~~~~\n";
  for (int i = 0; i < 4095; ++i)
    patch += "4000@0,";
  CHECK(refusal(source, patch + "0;", SIZE_MAX).message() == "delta: it makes less than it says");
}

TEST_CASE("delta: a patch cut anywhere, or that goes on, is refused") {
  FossilDeltaEncoder encoder;
  std::string patch;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const bool text = seed % 3 != 0;
    const std::string source = text ? random_document(random, 1'500) : random_bytes(random, 1'500);
    const std::string target = edited(random, edited(random, source, text), text);
    if (!encoder.encode(source, target, patch)) continue;
    for (std::size_t size = 0; size < patch.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(apply_fossil_delta(source, patch.substr(0, size), 10'000).ok());
    }
    for (int byte = 0; byte < 256; ++byte)
      CHECK_FALSE(apply_fossil_delta(source, patch + static_cast<char>(byte), 10'000).ok());
    CHECK_FALSE(apply_fossil_delta(source, patch, target.size() - 1).ok());
    // The wrong source: the one thing a patch does not name.
    CHECK_FALSE(apply_fossil_delta(source.substr(0, 20), patch, 10'000).ok());
  }
}

TEST_CASE("delta: a patch with bytes flipped makes the target, or an error, or the same checksum") {
  FossilDeltaEncoder encoder;
  std::string patch;
  int refused = 0;
  int right = 0;
  int collided = 0;
  std::string source;
  std::string target;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    if (seed % 50 == 0) {
      const bool text = random.below(2) == 0;
      source = text ? random_document(random, 1'000) : random_bytes(random, 1'000);
      source += source;  // So that an offset may be another and still be right.
      target = edited(random, edited(random, source, text), text);
      if (!encoder.encode(source, target, patch)) patch.clear();
    }
    if (patch.empty()) continue;
    std::string flipped = patch;
    const std::uint64_t flips = 1 + random.below(3);
    for (std::uint64_t i = 0; i < flips; ++i) {
      char& byte = flipped[random.below(flipped.size())];
      byte = static_cast<char>(byte ^ static_cast<char>(1 + random.below(255)));
    }
    const auto made = apply_fossil_delta(source, flipped, 10'000);
    if (!made.ok()) {
      ++refused;
    } else if (*made == target) {
      ++right;
    } else {
      ++collided;
      CHECK(flipped.ends_with(in_digits(sum_of(*made)) + ";"));
      if (flips == 1) CHECK(sum_of(*made) == sum_of(target));
    }
  }
  MESSAGE(refused << " refused, " << right << " right, " << collided << " with the same checksum");
  CHECK(refused > 15'000);
  CHECK(collided < 20);
}

TEST_CASE("delta: the checksum does not see the order of words, and that is the format's") {
  const std::string source = "wordmore----";
  const auto made = [&](const char* patch) {
    return apply_fossil_delta(source, patch, 100).value_or("");
  };
  const std::string checksum = in_digits(sum_of("wordmore")) + ";";
  CHECK(made(("8\n8@0," + checksum).c_str()) == "wordmore");
  CHECK(made(("8\n4@4,4@0," + checksum).c_str()) == "moreword");
  CHECK(made(("8\n4@0,4@8," + checksum).c_str()).empty());
}

TEST_CASE("delta: bytes of no meaning are refused") {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    // Mostly of what patches are made of, so that they get somewhere.
    static constexpr std::string_view kLetters = "0123A~\n@,:;";
    std::string patch = "4\n";
    for (std::uint64_t i = random.below(30); i > 0; --i)
      patch += kLetters[random.below(kLetters.size())];
    const auto made = apply_fossil_delta(kSource, patch, 100);
    if (made.ok()) CHECK(made->size() == 4);
  }
}

}  // namespace
}  // namespace madang
