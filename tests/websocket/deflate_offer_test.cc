// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/deflate_offer.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace madang::websocket {
namespace {

constexpr const char* kPlain =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// The response to an offer, or "declined".
std::string answer(std::string_view extensions) {
  const auto params = choose_deflate_offer(extensions);
  return params ? params->response() : "declined";
}

}  // namespace

TEST_CASE("deflate offer: what browsers and clients send is accepted without context takeover") {
  CHECK(answer("permessage-deflate") == kPlain);
  CHECK(answer("permessage-deflate; client_max_window_bits") == kPlain);
  CHECK(answer("permessage-deflate;client_max_window_bits=15") == kPlain);
  CHECK(answer("permessage-deflate; client_max_window_bits=8") == kPlain);
  CHECK(answer("permessage-deflate; client_no_context_takeover; server_no_context_takeover") ==
        kPlain);
  CHECK(answer("  Permessage-Deflate ;\tCLIENT_max_window_bits = \"10\"  ") == kPlain);
}

TEST_CASE("deflate offer: the server's window is confirmed when asked for, from 9 to 15") {
  for (int bits = 9; bits <= 15; ++bits) {
    const std::string offer = "permessage-deflate; server_max_window_bits=" + std::to_string(bits);
    const auto params = choose_deflate_offer(offer);
    REQUIRE(params);
    CHECK(params->server_window_bits == bits);
    CHECK(params->response() == kPlain + ("; server_max_window_bits=" + std::to_string(bits)));
  }
  CHECK(choose_deflate_offer("permessage-deflate")->server_window_bits == 15);
}

TEST_CASE("deflate offer: a window of 8 bits for the server is declined") {
  CHECK(answer("permessage-deflate; server_max_window_bits=8") == "declined");
}

TEST_CASE("deflate offer: ill-valued, unknown and repeated parameters decline the offer") {
  for (const char* params : {"server_max_window_bits",
                             "server_max_window_bits=",
                             "server_max_window_bits=7",
                             "server_max_window_bits=16",
                             "server_max_window_bits=015",
                             "server_max_window_bits=+9",
                             "server_max_window_bits=-9",
                             "server_max_window_bits=9.0",
                             "server_max_window_bits=1e1",
                             "server_max_window_bits=4294967305",
                             "client_max_window_bits=0",
                             "client_max_window_bits=\"\"",
                             "client_max_window_bits=",
                             "client_max_window_bits=99",
                             "server_no_context_takeover=1",
                             "client_no_context_takeover=true",
                             "unknown",
                             "unknown=1",
                             "server_no_context_takeover; server_no_context_takeover",
                             "client_max_window_bits; client_max_window_bits=10",
                             "server_max_window_bits=10; server_max_window_bits=10",
                             "",
                             ";",
                             "=",
                             "=9",
                             "a b",
                             "client_max_window_bits=\"10",
                             "client_max_window_bits=1\"0\"",
                             "client_max_window_bits=\"1\\0\"",
                             "client_max_window_bits=10=10"}) {
    CAPTURE(params);
    CHECK(answer(std::string("permessage-deflate; ") + params) == "declined");
  }
}

TEST_CASE("deflate offer: other extensions and ill-formed offers are passed over") {
  CHECK(answer("") == "declined");
  CHECK(answer(",,;,=,\"") == "declined");
  CHECK(answer("x-webkit-deflate-frame, permessage-bzip2; level=9") == "declined");
  CHECK(answer("permessage-deflate-more") == "declined");
  CHECK(answer("foo; a=\"x, permessage-deflate\"") == "declined");
  CHECK(answer("foo; a=\"\\\", permessage-deflate") == "declined");
  CHECK(answer("foo; a=\"x,y\\\"z\", , permessage-deflate") == kPlain);
  CHECK(answer("permessage-deflate=1, permessage-deflate") == kPlain);
}

TEST_CASE("deflate offer: the first acceptable offer of several is chosen") {
  CHECK(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate; "
               "server_max_window_bits=10, permessage-deflate") ==
        std::string(kPlain) + "; server_max_window_bits=10");
  CHECK(answer("permessage-deflate; unknown, permessage-deflate; client_max_window_bits") ==
        kPlain);
}

TEST_CASE("deflate offer: random bytes are answered with a window that zlib has, or declined") {
  constexpr std::string_view kAlphabet = "permessage-deflate; server_max_window_bits=\"\\,10\t\x80";
  std::mt19937 random(5);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string value = "permessage-deflate; server_max_window_bits=10";
    for (size_t i = random() % 4; i > 0; --i) {
      value[random() % value.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    const auto params = choose_deflate_offer(value);
    if (!params) continue;
    ++accepted;
    if (params->server_window_bits < 9 || params->server_window_bits > 15) FAIL(value);
  }
  CHECK(accepted > 1000);
  CHECK(accepted < 19'000);
}

}  // namespace madang::websocket
