// SPDX-License-Identifier: Apache-2.0
#include "auth/base64.h"

#include <doctest/doctest.h>

#include <random>

#include "auth/signer.h"

namespace madang {
namespace {

bool good_url(std::string_view text) {
  std::string bytes;
  return decode_base64url(text, bytes);
}

bool good_plain(std::string_view text) {
  std::string bytes;
  return decode_base64(text, bytes);
}

}  // namespace

TEST_CASE("base64url: what was encoded comes back, whatever its length") {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes(size, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random());
    std::string back;
    CHECK(decode_base64url(encode_base64url(bytes), back));
    CHECK(back == bytes);
  }
}

TEST_CASE("base64url: nothing outside the alphabet, no padding and no half a byte") {
  CHECK(good_url("YW5u"));
  CHECK(good_url("_-_-"));
  for (const auto* text : {"YQ==", "YWE=", "+/+/", "YW5 u", "YW5u\n", "YW\xc3\xbc", "A", "YW5uY"})
    CHECK_FALSE(good_url(text));
  CHECK_FALSE(good_url(std::string_view("YW\0u", 4)));
}

TEST_CASE("base64url: the bits that the last character has to spare are zero") {
  CHECK(good_url("YQ"));
  CHECK(good_url("YWE"));
  for (const auto* text : {"YR", "YS", "Yf", "YWF", "YWG", "YWH"})
    CHECK_FALSE(good_url(text));
}

TEST_CASE("base64: padded to four characters, no more and no less") {
  std::string bytes;
  CHECK(decode_base64("YQ==", bytes));
  CHECK(bytes == "a");
  CHECK(decode_base64("YWE=", bytes));
  CHECK(bytes == "aa");
  CHECK(decode_base64("+/+/", bytes));
  CHECK(decode_base64("", bytes));
  CHECK(bytes.empty());
  for (const auto* text : {"YQ", "YQ=", "Y===", "YR==", "====", "Y=Q=", "_-_-", "YW5u===="})
    CHECK_FALSE(good_plain(text));
}

}  // namespace madang
