// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "auth/base64.h"
#include "auth/fixture.h"

namespace madang {
namespace {

using testing::jwks;
using testing::kAnn;
using testing::kNow;
using testing::kSecret;
using testing::make_verifier;
using testing::pem_keys;
using testing::Signer;
using enum TokenAlgorithm;

struct Kind {
  Signer signer;
  std::vector<TokenAlgorithm> algorithms;
};

// One key of each kind; made once, for RSA takes long.
std::vector<Kind>& kinds() {
  static std::vector<Kind> all{
      {Signer::rsa(), {kRs256, kRs384, kRs512}},
      {Signer::ec("P-256"), {kEs256}},
      {Signer::ec("P-384"), {kEs384}},
      {Signer::ec("P-521"), {kEs512}},
      {Signer::ed25519(), {kEdDsa}},
  };
  return all;
}

TokenOutcome outcome(const std::shared_ptr<const KeySet>& keys, const std::string& token) {
  return make_verifier(keys)->verify_connection(token, kNow).outcome;
}

std::shared_ptr<const KeySet> jwks_keys(const std::string& text, const JwksOptions& options = {}) {
  auto keys = std::make_shared<KeySet>();
  REQUIRE(keys->add_jwks(text, options).ok());
  return keys;
}

}  // namespace

TEST_CASE("signature: every algorithm of every kind of public key, from PEM and from JWK") {
  for (const auto& kind : kinds()) {
    const auto from_pem = pem_keys(kind.signer);
    const auto from_jwk = jwks_keys(jwks({kind.signer.jwk("k1", R"(,"use":"sig")")}));
    for (const auto algorithm : kind.algorithms) {
      CAPTURE(static_cast<int>(algorithm));
      CHECK(outcome(from_pem, kind.signer.token(algorithm, kAnn)) == TokenOutcome::kGood);
      CHECK(outcome(from_jwk, kind.signer.token(algorithm, kAnn, "k1")) == TokenOutcome::kGood);
    }
  }
}

TEST_CASE("signature: a secret is for one algorithm") {
  const auto signer = Signer::secret(kSecret);
  for (const auto of_key : {kHs256, kHs384, kHs512}) {
    KeySet keys;
    REQUIRE(keys.add_secret(kSecret, {.algorithm = of_key}).ok());
    const auto shared = std::make_shared<KeySet>(keys);
    for (const auto of_token : {kHs256, kHs384, kHs512}) {
      const bool good = outcome(shared, signer.token(of_token, kAnn)) == TokenOutcome::kGood;
      CHECK(good == (of_key == of_token));
    }
  }
}

TEST_CASE("signature: a key of the right kind, but another one, is the wrong key") {
  for (const auto& kind : kinds()) {
    if (kind.algorithms.front() == kRs256) continue;
    for (const auto& other : kinds()) {
      if (&other == &kind) continue;
      CHECK(outcome(pem_keys(other.signer), kind.signer.token(kind.algorithms[0], kAnn)) ==
            TokenOutcome::kInvalid);
    }
  }
  CHECK(outcome(pem_keys(kinds()[0].signer), Signer::rsa().token(kRs256, kAnn)) ==
        TokenOutcome::kInvalid);
  CHECK(outcome(pem_keys(kinds()[1].signer), Signer::ec("P-256").token(kEs256, kAnn)) ==
        TokenOutcome::kInvalid);
  CHECK(outcome(pem_keys(kinds()[4].signer), Signer::ed25519().token(kEdDsa, kAnn)) ==
        TokenOutcome::kInvalid);
  CHECK(outcome(testing::secret_keys(), Signer::secret(std::string(32, 'x')).token(kHs256, kAnn)) ==
        TokenOutcome::kInvalid);
}

TEST_CASE("signature: the text of a public key is no secret, for whoever signs with it") {
  for (const auto& kind : kinds()) {
    const auto pem = kind.signer.pem();
    for (const auto& secret : {pem, pem.substr(0, pem.size() - 1)}) {
      const auto token = Signer::secret(secret).token(kHs256, kAnn);
      CHECK(outcome(pem_keys(kind.signer), token) == TokenOutcome::kInvalid);
    }
  }
}

TEST_CASE("signature: the header chooses no algorithm that the key is not for") {
  const auto& p256 = kinds()[1].signer;
  const auto token = p256.token_with_header(kEs256, R"({"alg":"ES384"})", kAnn);
  CHECK(outcome(pem_keys(p256), token) == TokenOutcome::kInvalid);
  const auto only = jwks_keys(jwks({kinds()[0].signer.jwk("r", R"(,"alg":"RS512")")}));
  CHECK(outcome(only, kinds()[0].signer.token(kRs512, kAnn, "r")) == TokenOutcome::kGood);
  CHECK(outcome(only, kinds()[0].signer.token(kRs256, kAnn, "r")) == TokenOutcome::kInvalid);
}

TEST_CASE("signature: one of EC is r and s as they are, and never DER") {
  for (std::size_t i = 1; i <= 3; ++i) {
    const auto& kind = kinds()[i];
    const auto good = kind.signer.token(kind.algorithms[0], kAnn);
    const auto text = good.substr(0, good.rfind('.'));
    const auto der = kind.signer.sign(kind.algorithms[0], text, true);
    CHECK(outcome(pem_keys(kind.signer), text + '.' + encode_base64url(der)) ==
          TokenOutcome::kInvalid);
  }
}

TEST_CASE("signature: one of EC with r or s zero, or above the order, is refused") {
  const auto& kind = kinds()[1];
  const auto good = kind.signer.token(kEs256, kAnn);
  const auto text = good.substr(0, good.rfind('.'));
  const auto raw = kind.signer.sign(kEs256, text);
  const std::string zero(32, '\0');
  const std::string most(32, '\xff');
  const auto r = raw.substr(0, 32);
  const auto s = raw.substr(32);
  CHECK(outcome(pem_keys(kind.signer), text + '.' + encode_base64url(r + s)) ==
        TokenOutcome::kGood);
  for (const auto& bad : {zero + s, r + zero, zero + zero, most + s, r + most, s + r, r, r + s + r,
                          '\0' + r + '\0' + s}) {
    CHECK(outcome(pem_keys(kind.signer), text + '.' + encode_base64url(bad)) ==
          TokenOutcome::kInvalid);
  }
}

TEST_CASE("signature: one that is cut, longer or empty is refused by every kind of key") {
  for (const auto& kind : kinds()) {
    const auto keys = pem_keys(kind.signer);
    const auto good = kind.signer.token(kind.algorithms[0], kAnn);
    const auto text = good.substr(0, good.rfind('.'));
    const auto signature = kind.signer.sign(kind.algorithms[0], text);
    for (const auto& bad : {std::string(), signature.substr(1), '\0' + signature, signature + '\0',
                            signature.substr(0, signature.size() - 1)}) {
      CHECK(outcome(keys, text + '.' + encode_base64url(bad)) == TokenOutcome::kInvalid);
    }
  }
}

TEST_CASE("signature: the example of RFC 7515, appendix A.1, is good at its time") {
  const std::string jwk =
      R"({"keys":[{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-)"
      R"(1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]})";
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto verifier = make_verifier(jwks_keys(jwk, {.allow_secrets = true}), {.issuer = "joe"});
  CHECK(verifier->verify_connection(token, WallTime(std::chrono::seconds(1'300'819'379))).good());
  CHECK(verifier->verify_connection(token, kNow).outcome == TokenOutcome::kExpired);
}

TEST_CASE("signature: the example of RFC 8037, appendix A.4, is by its key") {
  // What it signs is no JSON, so that only the claims are to blame.
  const std::string jwk = R"({"keys":[{"kty":"OKP","crv":"Ed25519",)"
                          R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const auto verifier = make_verifier(jwks_keys(jwk));
  CHECK(verifier->verify_connection(text + '.' + signature, kNow).why == "not valid JSON");
  CHECK(verifier->verify_connection(text + ".A" + signature.substr(1), kNow).why ==
        "the signature is not by the key");
}

}  // namespace madang
