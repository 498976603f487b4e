// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/key_set.h"

#include <string>

#include "auth/base64.h"
#include "auth/fixture.h"

namespace madang {
namespace {

using testing::jwks;
using testing::kAnn;
using testing::kNow;
using testing::kSecret;
using testing::make_verifier;
using testing::Signer;
using enum TokenAlgorithm;

const Signer& ec_signer() {
  static const Signer signer = Signer::ec("P-256");
  return signer;
}

absl::Status add_jwks(const std::string& text, const JwksOptions& options = {}) {
  KeySet keys;
  const auto status = keys.add_jwks(text, options);
  CHECK((keys.size() > 0) == status.ok());
  return status;
}

absl::Status add_pem(const std::string& text) {
  KeySet keys;
  return keys.add_pem(text);
}

TokenOutcome outcome(const KeySet& keys, const std::string& token) {
  return make_verifier(std::make_shared<KeySet>(keys))->verify_connection(token, kNow).outcome;
}

}  // namespace

TEST_CASE("secret: one under 32 bytes is refused unless the host says so") {
  KeySet keys;
  CHECK(absl::IsInvalidArgument(keys.add_secret(std::string(kSecretBytesMin - 1, 's'))));
  CHECK(absl::IsInvalidArgument(keys.add_secret("", {.allow_short = true})));
  CHECK(keys.size() == 0);
  CHECK(keys.add_secret(std::string(kSecretBytesMin, 's')).ok());
  CHECK(keys.add_secret("s", {.id = "short", .allow_short = true}).ok());
  CHECK(absl::IsInvalidArgument(keys.add_secret(std::string(kSecretBytesMax + 1, 's'))));
}

TEST_CASE("secret: neither the text of a key in PEM nor one for another algorithm") {
  KeySet keys;
  CHECK(absl::IsInvalidArgument(keys.add_secret(ec_signer().pem())));
  CHECK(absl::IsInvalidArgument(keys.add_secret("\n " + ec_signer().private_pem())));
  CHECK(absl::IsInvalidArgument(keys.add_secret(kSecret, {.algorithm = kRs256})));
  CHECK(absl::IsInvalidArgument(keys.add_secret(kSecret, {.algorithm = kEdDsa})));
}

TEST_CASE("pem: one public key and nothing else") {
  const auto pem = ec_signer().pem();
  CHECK(add_pem(pem).ok());
  CHECK(add_pem(" \r\n" + pem + "\n").ok());
  for (const auto& bad :
       {std::string(), std::string("key"), pem + pem, pem + "x", 'x' + pem,
        ec_signer().private_pem(), pem.substr(0, pem.size() / 2),
        pem.substr(0, 40) + pem.substr(44),
        std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")}) {
    CAPTURE(bad);
    CHECK(absl::IsInvalidArgument(add_pem(bad)));
  }
  CHECK(absl::IsResourceExhausted(add_pem(std::string(kKeyTextBytesMax + 1, ' '))));
}

TEST_CASE("pem: a key that asks for a password is refused, and asks nobody") {
  CHECK(
      absl::IsInvalidArgument(add_pem("-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
                                      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                                      "AAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n")));
}

TEST_CASE("keys: those that are too weak, or of a curve that is not offered, are refused") {
  CHECK(absl::IsInvalidArgument(add_pem(Signer::rsa(1024).pem())));
  CHECK(absl::IsInvalidArgument(add_pem(Signer::ec("secp256k1").pem())));
  CHECK(absl::IsInvalidArgument(add_pem(Signer::ec("P-224").pem())));
  CHECK(absl::IsInvalidArgument(add_jwks(jwks({Signer::rsa(1024).jwk()}))));
  // With an exponent of 1 anybody can sign.
  const auto good = Signer::rsa().jwk();
  const auto exponent = good.find("AQAB");
  REQUIRE(exponent != std::string::npos);
  REQUIRE(add_jwks(jwks({good})).ok());
  for (const auto* bad : {"AQ", "Ag", "AAAA", "____________"}) {
    auto jwk = good;
    CHECK(absl::IsInvalidArgument(add_jwks(jwks({jwk.replace(exponent, 4, bad)}))));
  }
  CHECK(absl::IsInvalidArgument(
      add_jwks(jwks({R"({"kty":"RSA","e":"AQAB","n":")" +
                     encode_base64url(std::string(4096, '\x7f')) + R"("})"}))));
}

TEST_CASE("jwks: kid chooses, and one that is unknown is an error") {
  const auto first = Signer::ec("P-256");
  const auto second = Signer::ec("P-256");
  KeySet keys;
  REQUIRE(keys.add_jwks(jwks({first.jwk("k1"), second.jwk("k2")})).ok());
  CHECK(outcome(keys, first.token(kEs256, kAnn, "k1")) == TokenOutcome::kGood);
  CHECK(outcome(keys, second.token(kEs256, kAnn, "k2")) == TokenOutcome::kGood);
  CHECK(outcome(keys, first.token(kEs256, kAnn, "k2")) == TokenOutcome::kInvalid);
  for (const auto* id : {"k3", "K1", "k1 ", "../k1", "k1\\u0000"})
    CHECK(outcome(keys, first.token(kEs256, kAnn, id)) == TokenOutcome::kInvalid);
  CHECK(outcome(keys, first.token_with_header(kEs256, R"({"alg":"ES256","kid":""})", kAnn)) ==
        TokenOutcome::kInvalid);
  CHECK(outcome(keys, first.token_with_header(kEs256, R"({"alg":"ES256","kid":1})", kAnn)) ==
        TokenOutcome::kInvalid);
  CHECK(outcome(keys, first.token(kEs256, kAnn, std::string(300, 'k'))) == TokenOutcome::kInvalid);
}

TEST_CASE("keys: a token without kid is checked with the only key for it, and no two are tried") {
  KeySet keys;
  REQUIRE(keys.add_secret(kSecret).ok());
  REQUIRE(keys.add_pem(ec_signer().pem()).ok());
  CHECK(outcome(keys, ec_signer().token(kEs256, kAnn)) == TokenOutcome::kGood);
  // No key has an id, so that one in a token chooses nothing.
  CHECK(outcome(keys, ec_signer().token(kEs256, kAnn, "k1")) == TokenOutcome::kGood);
  REQUIRE(keys.add_pem(Signer::ec("P-256").pem(), "k2").ok());
  CHECK(outcome(keys, ec_signer().token(kEs256, kAnn)) == TokenOutcome::kInvalid);
  CHECK(outcome(keys, ec_signer().token(kEs256, kAnn, "k1")) == TokenOutcome::kInvalid);
}

TEST_CASE("keys: an id is one key's, and a set has kKeysMax of them") {
  KeySet keys;
  REQUIRE(keys.add_pem(ec_signer().pem(), "k1").ok());
  CHECK(absl::IsAlreadyExists(keys.add_secret(kSecret, {.id = "k1"})));
  CHECK(absl::IsAlreadyExists(keys.add_jwks(jwks({ec_signer().jwk("k2"), ec_signer().jwk("k2")}))));
  CHECK(keys.size() == 1);
  CHECK(absl::IsInvalidArgument(
      keys.add_pem(ec_signer().pem(), std::string(kKeyIdBytesMax + 1, 'k'))));
  for (std::size_t i = 1; i < kKeysMax; ++i)
    REQUIRE(keys.add_secret(kSecret, {.id = "s" + std::to_string(i)}).ok());
  CHECK(absl::IsResourceExhausted(keys.add_secret(kSecret)));
  CHECK(keys.size() == kKeysMax);
}

TEST_CASE("jwks: a huge set and a huge text are refused") {
  std::string text = R"({"keys":[{"kty":"none"})";
  for (std::size_t i = 0; i < kKeysMax; ++i)
    text += R"(,{"kty":"none"})";
  CHECK(absl::IsResourceExhausted(add_jwks(text + "]}")));
  CHECK(absl::IsResourceExhausted(
      add_jwks(jwks({ec_signer().jwk()}) + std::string(kKeyTextBytesMax, ' '))));
}

TEST_CASE("jwks: keys for another use or of another kind are passed over") {
  const auto ours = ec_signer().jwk("k1");
  for (const auto& other :
       {ec_signer().jwk("k2", R"(,"use":"enc")"), ec_signer().jwk("k2", R"(,"alg":"ECDH-ES")"),
        ec_signer().jwk("k2", R"(,"key_ops":["deriveKey"])"), Signer::ec("secp256k1").jwk("k2"),
        std::string(R"({"kty":"OKP","crv":"X25519","x":"AA"})"), std::string(R"({"kty":"new"})")}) {
    CAPTURE(other);
    KeySet keys;
    CHECK(keys.add_jwks(jwks({other, ours})).ok());
    CHECK(keys.size() == 1);
    CHECK(absl::IsInvalidArgument(add_jwks(jwks({other}))));
  }
  CHECK(add_jwks(jwks({ec_signer().jwk("k1", R"(,"key_ops":["sign","verify"])")})).ok());
}

TEST_CASE("jwks: a secret is taken only if the host says so, and says its algorithm") {
  const auto secret = Signer::secret(kSecret);
  const auto text = jwks({secret.jwk("s", R"(,"alg":"HS256")")});
  CHECK(absl::IsInvalidArgument(add_jwks(text)));
  CHECK(add_jwks(text, {.allow_secrets = true}).ok());
  CHECK(absl::IsInvalidArgument(add_jwks(jwks({secret.jwk("s")}), {.allow_secrets = true})));
  CHECK(absl::IsInvalidArgument(
      add_jwks(jwks({secret.jwk("s", R"(,"alg":"ES256")")}), {.allow_secrets = true})));
  const auto weak = jwks({Signer::secret("weak").jwk("s", R"(,"alg":"HS256")")});
  CHECK(absl::IsInvalidArgument(add_jwks(weak, {.allow_secrets = true})));
  CHECK(add_jwks(weak, {.allow_secrets = true, .allow_short_secrets = true}).ok());
}

TEST_CASE("jwks: junk is an error, and nothing of its text is taken") {
  const auto good = ec_signer().jwk("k1");
  const auto not_on_curve = R"({"kty":"EC","crv":"P-256","x":")" +
                            encode_base64url(std::string(32, '\1')) + R"(","y":")" +
                            encode_base64url(std::string(32, '\2')) + R"("})";
  for (const auto& bad :
       {std::string("{}"), std::string("7"), std::string("{"), std::string("null"),
        std::string("{\"kty\":7}"), std::string("{\"kty\":\"EC\"}"),
        std::string("{\"kty\":\"RSA\"}"), std::string("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"),
        std::string("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}"),
        std::string("{\"kty\":\"RSA\",\"n\":\"AA==\",\"e\":\"AQAB\"}"), not_on_curve,
        ec_signer().jwk("k2", R"(,"d":"AAAA")"), ec_signer().jwk("k2", R"(,"kid":"k2")"),
        ec_signer().jwk("k2", R"(,"alg":"ES384")"), ec_signer().jwk("k2", R"(,"alg":7)"),
        ec_signer().jwk("k2", R"(,"use":7)"), ec_signer().jwk("k2", R"(,"key_ops":"verify")"),
        ec_signer().jwk("k2", R"(,"more":)" + std::string(40, '[') + std::string(40, ']'))}) {
    CAPTURE(bad);
    CHECK(absl::IsInvalidArgument(add_jwks(jwks({good, bad}))));
  }
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":7})"})
    CHECK(absl::IsInvalidArgument(add_jwks(text)));
}

}  // namespace madang
