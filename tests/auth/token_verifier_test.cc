// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/token_verifier.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "auth/fixture.h"
#include "madang/auth/token_signer.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::ann;
using testing::connection;
using testing::kAnn;
using testing::kHs256;
using testing::kNow;
using testing::make_verifier;
using testing::secret_keys;
using testing::signed_text;
using testing::Signer;
using testing::subscription;

// Ann's token expires a minute after kNow.
constexpr auto kLife = 60s;

}  // namespace

TEST_CASE("token: expired is a word of its own, and comes when the leeway is over") {
  const auto verifier = make_verifier(secret_keys(), {.leeway = 5s});
  const auto token = signed_text(kAnn);
  CHECK(verifier->verify_connection(token, kNow + kLife + 4999ms).good());
  const auto late = verifier->verify_connection(token, kNow + kLife + 5s);
  CHECK(late.outcome == TokenOutcome::kExpired);
  CHECK(late.claims == nullptr);
  CHECK_FALSE(late.why.empty());
}

TEST_CASE("token: an expired one that is wrong besides is invalid") {
  const auto verifier = make_verifier(secret_keys(), {.audience = "chat"});
  CHECK(verifier->verify_connection(signed_text(kAnn), kNow + 1h).outcome ==
        TokenOutcome::kInvalid);
  const auto other = Signer::secret(std::string(32, 'x')).token(kHs256, kAnn);
  CHECK(make_verifier(secret_keys())->verify_connection(other, kNow + 1h).outcome ==
        TokenOutcome::kInvalid);
}

TEST_CASE("token: one that is not valid yet is refused until the leeway before") {
  const auto verifier = make_verifier(secret_keys(), {.leeway = 5s});
  const auto token = signed_text(ann(R"(,"nbf":1700000010)"));
  CHECK(verifier->verify_connection(token, kNow + 4999ms).outcome == TokenOutcome::kInvalid);
  CHECK(verifier->verify_connection(token, kNow + 5s).good());
}

TEST_CASE("token: one from the future is refused, but clocks may differ a little") {
  CHECK(connection(ann(R"(,"iat":1700000061)")).outcome == TokenOutcome::kInvalid);
  CHECK(connection(ann(R"(,"iat":1700000060)")).good());
}

TEST_CASE("token: without exp it is refused unless the host takes such") {
  CHECK(connection(R"({"sub":"ann"})").outcome == TokenOutcome::kInvalid);
  const auto forever = connection(R"({"sub":"ann"})", {.expiry_required = false});
  REQUIRE(forever.good());
  CHECK_FALSE(forever.claims->ends.has_value());
}

TEST_CASE("token: the audience wanted is the text or in the list, byte by byte") {
  const TokenOptions options{.audience = "chat"};
  CHECK(connection(ann(R"(,"aud":"chat")"), options).good());
  CHECK(connection(ann(R"(,"aud":["live","chat"])"), options).good());
  for (const auto* more : {"", R"(,"aud":"Chat")", R"(,"aud":"chat2")", R"(,"aud":[])",
                           R"(,"aud":["live"])", R"(,"aud":"")"}) {
    CAPTURE(more);
    CHECK(connection(ann(more), options).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("token: the issuer wanted is the token's, byte by byte") {
  const TokenOptions options{.issuer = "shop"};
  CHECK(connection(ann(R"(,"iss":"shop")"), options).good());
  for (const auto* more : {"", R"(,"iss":"Shop")", R"(,"iss":"shop/")", R"(,"iss":"")"}) {
    CAPTURE(more);
    CHECK(connection(ann(more), options).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("token: nothing is checked without keys or with options out of bounds") {
  CHECK_FALSE(TokenVerifier::make(nullptr, {}).ok());
  CHECK_FALSE(TokenVerifier::make(std::make_shared<KeySet>(), {}).ok());
  CHECK_FALSE(TokenVerifier::make(secret_keys(), {.leeway = -1s}).ok());
  CHECK_FALSE(TokenVerifier::make(secret_keys(), {.leeway = kTokenLeewayMax + 1ns}).ok());
  CHECK_FALSE(TokenVerifier::make(secret_keys(), {.token_bytes_max = 0}).ok());
  CHECK_FALSE(TokenVerifier::make(secret_keys(), {.token_bytes_max = kTokenBytesMax + 1}).ok());
}

TEST_CASE("remembered: a token costs one check, and its time is looked at each time") {
  const auto verifier = make_verifier(secret_keys());
  const auto token = signed_text(kAnn);
  const auto first = verifier->verify_connection(token, kNow);
  const auto second = verifier->verify_connection(token, kNow);
  CHECK(verifier->cache_hits() == 1);
  CHECK(second.claims == first.claims);
  CHECK(verifier->cached() == 1);
  CHECK(verifier->verify_connection(token, kNow + 1h).outcome == TokenOutcome::kExpired);
  CHECK(verifier->cached() == 0);
  CHECK(first.claims->user == "ann");
}

TEST_CASE("remembered: a token not valid yet is refused again where a clock goes back") {
  const auto verifier = make_verifier(secret_keys());
  const auto token = signed_text(ann(R"(,"nbf":1700000000)"));
  CHECK(verifier->verify_connection(token, kNow).good());
  CHECK(verifier->verify_connection(token, kNow - 1h).outcome == TokenOutcome::kInvalid);
  CHECK(verifier->verify_connection(token, kNow).good());
}

TEST_CASE("remembered: a token of one kind is not taken for one of the other") {
  const auto verifier = make_verifier(secret_keys());
  const auto to_connect = signed_text(kAnn);
  const auto to_join = signed_text(ann(R"(,"channel":"room:1")"));
  for (int round = 0; round < 2; ++round) {
    CHECK(verifier->verify_connection(to_connect, kNow).good());
    CHECK(verifier->verify_subscription(to_join, kNow).good());
    CHECK(verifier->verify_subscription(to_connect, kNow).outcome == TokenOutcome::kInvalid);
    CHECK(verifier->verify_connection(to_join, kNow).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("remembered: nothing bad, and nothing at all where the host wants none") {
  const auto verifier = make_verifier(secret_keys());
  CHECK_FALSE(verifier->verify_connection("a.b.c", kNow).good());
  CHECK_FALSE(verifier->verify_connection(signed_text(kAnn), kNow + 1h).good());
  CHECK(verifier->cached() == 0);
  for (const auto& options :
       {TokenOptions{.cache_entries_max = 0}, TokenOptions{.cache_bytes_max = 0}}) {
    const auto forgetful = make_verifier(secret_keys(), options);
    CHECK(forgetful->verify_connection(signed_text(kAnn), kNow).good());
    CHECK(forgetful->verify_connection(signed_text(kAnn), kNow).good());
    CHECK(forgetful->cached() == 0);
    CHECK(forgetful->cache_hits() == 0);
  }
}

TEST_CASE("keys: with new ones a token of the old ones is good no more, remembered or not") {
  const auto verifier = make_verifier(secret_keys());
  const auto token = signed_text(kAnn);
  CHECK(verifier->verify_connection(token, kNow).good());
  auto keys = std::make_shared<KeySet>();
  REQUIRE(keys->add_secret(std::string(32, 'n')).ok());
  verifier->use_keys(keys);
  CHECK(verifier->cached() == 0);
  CHECK(verifier->verify_connection(token, kNow).outcome == TokenOutcome::kInvalid);
  verifier->use_keys(nullptr);
  verifier->use_keys(secret_keys());
  CHECK(verifier->verify_connection(token, kNow).good());
}

TEST_CASE("keys: many threads check while keys change, and none is ever wrong afterwards") {
  const auto verifier = make_verifier(secret_keys());
  auto others = std::make_shared<KeySet>();
  REQUIRE(others->add_secret(std::string(32, 'n')).ok());
  const auto token = signed_text(kAnn);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto result = verifier->verify_connection(token, kNow);
        if (result.good() != (result.claims != nullptr)) ++wrong;
        if (result.outcome == TokenOutcome::kExpired) ++wrong;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    verifier->use_keys(others);
    if (verifier->verify_connection(token, kNow).good()) ++wrong;
    verifier->use_keys(secret_keys());
    if (!verifier->verify_connection(token, kNow).good()) ++wrong;
  }
  stop = true;
  for (auto& thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("token: what is signed here is good here, under each algorithm and with an id") {
  for (const auto algorithm : {kHs256, TokenAlgorithm::kHs384, TokenAlgorithm::kHs512}) {
    const SecretOptions options{.id = "key 1", .algorithm = algorithm};
    const std::string secret(64, 's');
    const auto signer = TokenSigner::make(secret, options);
    REQUIRE(signer.ok());
    auto keys = std::make_shared<KeySet>();
    REQUIRE(keys->add_secret(secret, options).ok());
    CHECK(make_verifier(keys)->verify_connection(signer->sign(kAnn), kNow).good());
    CHECK_FALSE(make_verifier(secret_keys())->verify_connection(signer->sign(kAnn), kNow).good());
  }
  CHECK(absl::IsInvalidArgument(TokenSigner::make("short").status()));
  CHECK(absl::IsInvalidArgument(TokenSigner::make(testing::kSecret, {.id = "a\"b"}).status()));
  CHECK(absl::IsInvalidArgument(
      TokenSigner::make(testing::kSecret, {.algorithm = TokenAlgorithm::kRs256}).status()));
}

}  // namespace madang
