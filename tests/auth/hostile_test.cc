// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>

#include <random>
#include <string>

#include "auth/base64.h"
#include "auth/fixture.h"

namespace madang {
namespace {

using testing::ann;
using testing::kAnn;
using testing::kHs256;
using testing::kNow;
using testing::make_verifier;
using testing::pem_keys;
using testing::secret_keys;
using testing::secret_signer;
using testing::signed_text;
using testing::Signer;
using testing::verdict_of_token;

// What becomes of ann's claims, well signed under this header.
TokenVerdict under(std::string_view header) {
  return verdict_of_token(secret_signer().token_with_header(kHs256, header, kAnn));
}

// A token whose parts are as given and whose signature is good.
std::string signed_parts(const std::string& header, const std::string& claims) {
  const auto text = header + '.' + claims;
  return text + '.' + encode_base64url(secret_signer().sign(kHs256, text));
}

}  // namespace

TEST_CASE("hostile: a token without a signature is refused, however none is written") {
  for (const auto* name : {"none", "None", "NONE", "nOnE", "", "null", "HS256 ", "hs256", "HS1"}) {
    CAPTURE(name);
    const auto header = R"({"alg":")" + std::string(name) + R"("})";
    CHECK(under(header).outcome == TokenOutcome::kInvalid);
    const auto text = encode_base64url(header) + '.' + encode_base64url(kAnn);
    CHECK(verdict_of_token(text + '.').outcome == TokenOutcome::kInvalid);
    CHECK(verdict_of_token(text).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("hostile: a header that asks for what is not offered is refused") {
  CHECK(under(R"({"alg":"HS256"})").good());
  CHECK(under(R"({"alg":"HS256","typ":"jwt","b64":true,"cty":"x","kid":"k"})").good());
  for (const auto* header : {"{}",
                             R"({"typ":"JWT"})",
                             R"({"alg":7})",
                             R"({"alg":["HS256"]})",
                             R"({"alg":"HS256","alg":"HS256"})",
                             R"({"alg":"none","alg":"HS256"})",
                             R"({"alg":"HS256","al\u0067":"none"})",
                             R"({"alg":"HS256","crit":["exp"]})",
                             R"({"alg":"HS256","crit":[]})",
                             R"({"alg":"HS256","b64":false})",
                             R"({"alg":"HS256","b64":false,"crit":["b64"]})",
                             R"({"alg":"HS256","b64":"false"})",
                             R"({"alg":"HS256","typ":"logout+jwt"})",
                             R"({"alg":"HS256","typ":7})",
                             R"({"alg":"HS256","kid":{}})",
                             R"(["HS256"])",
                             "\"HS256\"",
                             "",
                             "{",
                             R"({"alg":"HS256"}x)",
                             "{\"alg\":\"HS256\",\"x\":\"\xff\"}"}) {
    CAPTURE(header);
    CHECK(under(header).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("hostile: an address or a key in the header is not looked at") {
  const auto attacker = Signer::ec("P-256");
  const auto header =
      R"({"alg":"ES256","jku":"http://localhost:1/","x5u":"file:///dev/zero","jwk":)" +
      attacker.jwk() + '}';
  const auto token = attacker.token_with_header(TokenAlgorithm::kEs256, header, kAnn);
  const auto verdict = make_verifier(pem_keys(Signer::ec("P-256")))->verify_connection(token, kNow);
  CHECK(verdict.outcome == TokenOutcome::kInvalid);
}

TEST_CASE("hostile: a megabyte is refused by its length, and the bound is where it is said") {
  CHECK(verdict_of_token(std::string(1 << 20, 'a')).why == "the token is too long");
  CHECK(verdict_of_token(signed_text(ann(R"(,"jti":")" + std::string(1 << 20, 'x') + '"'))).why ==
        "the token is too long");
  const auto token = signed_text(kAnn);
  CHECK(make_verifier(secret_keys(), {.token_bytes_max = token.size()})
            ->verify_connection(token, kNow)
            .good());
  CHECK_FALSE(make_verifier(secret_keys(), {.token_bytes_max = token.size() - 1})
                  ->verify_connection(token, kNow)
                  .good());
}

TEST_CASE("hostile: JSON that nests deep is refused in the header too") {
  const auto bomb = std::string(1000, '[') + std::string(1000, ']');
  CHECK(under(R"({"alg":"HS256","x":)" + bomb + '}').why == "JSON nests too deep");
  CHECK(under(R"({"alg":"HS256","x":)" + std::string(2000, '[')).outcome == TokenOutcome::kInvalid);
}

TEST_CASE("hostile: three parts of strict base64url, even where the signature is good") {
  const auto header = encode_base64url(R"({"alg":"HS256"})");
  const auto claims = encode_base64url(kAnn + "  ");
  REQUIRE(verdict_of_token(signed_parts(header, claims)).good());
  const auto padded_header = encode_base64url(R"({"alg":"HS256" })") + "==";
  for (const auto& token : {signed_parts(header, claims + '='),
                            signed_parts(header, claims + "=="),
                            signed_parts(padded_header, claims),
                            signed_parts(header, claims + '\n'),
                            signed_parts(' ' + header, claims),
                            signed_parts(header, "+/" + claims),
                            signed_parts(header, claims + "AAA" + 'B'),
                            signed_parts("", claims),
                            signed_parts(header, ""),
                            signed_parts(header, claims) + '=',
                            signed_parts(header, claims) + '.',
                            '.' + signed_parts(header, claims),
                            signed_parts(header, claims) + ".AAAA.AAAA",
                            ' ' + signed_parts(header, claims),
                            signed_parts(header, claims) + '\n',
                            std::string(),
                            std::string("."),
                            std::string(".."),
                            std::string("..."),
                            header,
                            header + '.' + claims,
                            std::string("a.b.c"),
                            std::string(3, '\0'),
                            std::string("\xff.\xff.\xff")}) {
    CAPTURE(token);
    CHECK(verdict_of_token(token).outcome == TokenOutcome::kInvalid);
  }
}

TEST_CASE("hostile: bits to spare that are not zero are refused, even where they are signed") {
  const auto header = encode_base64url(R"({"alg":"HS256"})");
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  auto claims = kAnn;
  while (claims.size() % 3 != 1)
    claims += ' ';
  auto text = encode_base64url(claims);
  REQUIRE(verdict_of_token(signed_parts(header, text)).good());
  const auto last = alphabet.find(text.back());
  for (std::size_t more = 1; more < 16; ++more) {
    text.back() = alphabet[last + more];
    CHECK_FALSE(verdict_of_token(signed_parts(header, text)).good());
  }
  // A signature of HS256 has two bits to spare.
  auto token = signed_text(kAnn);
  const auto end = alphabet.find(token.back());
  for (std::size_t more = 1; more < 4; ++more) {
    token.back() = alphabet[end + more];
    CHECK_FALSE(verdict_of_token(token).good());
  }
}

TEST_CASE("hostile: no part of a good token is a good token") {
  const auto ec = Signer::ec("P-256");
  const auto tokens = {std::pair(secret_keys(), signed_text(kAnn)),
                       std::pair(pem_keys(ec), ec.token(TokenAlgorithm::kEs256, kAnn))};
  for (const auto& [keys, token] : tokens) {
    const auto verifier = make_verifier(keys);
    REQUIRE(verifier->verify_connection(token, kNow).good());
    const std::string_view text = token;
    for (std::size_t size = 0; size < text.size(); ++size) {
      CHECK_FALSE(verifier->verify_connection(text.substr(0, size), kNow).good());
      CHECK_FALSE(verifier->verify_connection(text.substr(size + 1), kNow).good());
    }
  }
}

TEST_CASE("hostile: a good token with bytes changed is never a good token") {
  const auto ec = Signer::ec("P-256");
  const auto ed = Signer::ed25519();
  const auto tokens = {std::pair(secret_keys(), signed_text(kAnn)),
                       std::pair(pem_keys(ec), ec.token(TokenAlgorithm::kEs256, kAnn)),
                       std::pair(pem_keys(ed), ed.token(TokenAlgorithm::kEdDsa, kAnn))};
  constexpr std::uint32_t kSeed = 20240501;
  std::mt19937 random(kSeed);
  for (const auto& [keys, token] : tokens) {
    const auto verifier = make_verifier(keys);
    REQUIRE(verifier->verify_connection(token, kNow).good());
    for (int round = 0; round < 3000; ++round) {
      auto changed = token;
      for (auto flips = 1 + random() % 3; flips > 0; --flips)
        changed[random() % changed.size()] ^= static_cast<char>(1u << random() % 8);
      if (changed == token) continue;
      CAPTURE(changed);
      REQUIRE_FALSE(verifier->verify_connection(changed, kNow).good());
      REQUIRE_FALSE(verifier->verify_subscription(changed, kNow).good());
    }
  }
}

TEST_CASE("hostile: whatever is well signed gets a clear answer") {
  std::mt19937 random(11);
  const std::string good = ann(R"(,"info":{"a":[1,-2.5e3,"x"]},"subs":{"r":{"data":null}})");
  const auto verifier = make_verifier(secret_keys());
  int kept = 0;
  for (int round = 0; round < 5000; ++round) {
    auto claims = good;
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      claims[random() % claims.size()] = static_cast<char>(random());
    const auto result = verifier->verify_connection(signed_text(claims), kNow);
    CHECK(result.good() == (result.claims != nullptr));
    CHECK(result.good() == result.why.empty());
    kept += result.good() ? 1 : 0;
  }
  CHECK(kept > 0);
}

TEST_CASE("hostile: nothing is left in the thread's queue of OpenSSL's errors") {
  ERR_clear_error();
  const auto ec = Signer::ec("P-256");
  const auto rsa = Signer::rsa();
  CHECK_FALSE(make_verifier(pem_keys(ec))
                  ->verify_connection(Signer::ec("P-256").token(TokenAlgorithm::kEs256, kAnn), kNow)
                  .good());
  CHECK_FALSE(make_verifier(pem_keys(rsa))
                  ->verify_connection(Signer::rsa().token(TokenAlgorithm::kRs256, kAnn), kNow)
                  .good());
  KeySet keys;
  CHECK_FALSE(keys.add_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----").ok());
  CHECK(ERR_peek_error() == 0);
}

}  // namespace madang
