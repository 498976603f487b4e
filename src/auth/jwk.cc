// SPDX-License-Identifier: Apache-2.0
#include "auth/jwk.h"

#include <openssl/param_build.h>

#include <optional>
#include <string>
#include <utility>

#include "auth/base64.h"

namespace madang {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;

absl::Status refused(const char* why) { return absl::InvalidArgumentError(why); }

// False: there is a member of this name, and it is not a text. Without one `text` stays null.
bool optional_text(object jwk, const char* name, std::optional<std::string_view>& text) {
  element value;
  if (jwk.at_key(name).get(value) == simdjson::NO_SUCH_FIELD) return true;
  std::string_view found;
  if (value.get(found) != simdjson::SUCCESS) return false;
  text = found;
  return true;
}

bool read_bytes(object jwk, const char* name, std::string& bytes) {
  std::string_view text;
  return jwk.at_key(name).get(text) == simdjson::SUCCESS && decode_base64url(text, bytes) &&
         !bytes.empty();
}

// Null if OpenSSL does not take it.
EvpKey key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return EvpKey(key);
}

BigNumber number_of(const std::string& bytes) {
  return BigNumber(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()), nullptr));
}

EvpKey rsa_key(object jwk) {
  std::string n;
  std::string e;
  if (!read_bytes(jwk, "n", n) || !read_bytes(jwk, "e", e)) return nullptr;
  if (n.size() > kRsaBitsMax / 8 || e.size() > 8) return nullptr;
  const auto modulus = number_of(n);
  const auto exponent = number_of(e);
  const ParamsBuilder builder(OSSL_PARAM_BLD_new());
  if (modulus == nullptr || exponent == nullptr || builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return key_from("RSA", builder.get());
}

EvpKey ec_key(object jwk, const AlgorithmTraits& traits) {
  std::string x;
  std::string y;
  if (!read_bytes(jwk, "x", x) || !read_bytes(jwk, "y", y)) return nullptr;
  if (x.size() != traits.signature_half || y.size() != traits.signature_half) return nullptr;
  const auto point = '\x04' + x + y;  // as SEC 1 writes one that is not compressed
  const ParamsBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, traits.group, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return key_from("EC", builder.get());
}

EvpKey ed25519_key(object jwk) {
  std::string x;
  if (!read_bytes(jwk, "x", x)) return nullptr;
  return EvpKey(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x.data()), x.size()));
}

// What `use` and `key_ops` say: false in `ours` if the key is not for checking signatures.
absl::Status read_use(object jwk, bool& ours) {
  std::optional<std::string_view> use;
  if (!optional_text(jwk, "use", use)) return refused("use of a key is not a text");
  ours = !use || *use == "sig";
  element value;
  if (jwk.at_key("key_ops").get(value) == simdjson::NO_SUCH_FIELD) return absl::OkStatus();
  simdjson::dom::array operations;
  if (value.get(operations)) return refused("key_ops of a key is not a list");
  bool verifies = false;
  for (const auto operation : operations) {
    std::string_view name;
    if (operation.get(name)) return refused("key_ops of a key is not a list of texts");
    verifies = verifies || name == "verify";
  }
  ours = ours && verifies;
  return absl::OkStatus();
}

absl::StatusOr<KeyRef> secret_key(object jwk, std::string_view id,
                                  std::optional<TokenAlgorithm> algorithm,
                                  const JwksOptions& options) {
  if (!options.allow_secrets) return refused("a set of keys holds a secret, which is not allowed");
  if (!algorithm) return refused("a secret in a set of keys says no alg");
  std::string secret;
  if (!read_bytes(jwk, "k", secret)) return refused("a secret in a set of keys is damaged");
  return VerificationKey::of_secret(
      secret,
      {.id = std::string(id), .algorithm = *algorithm, .allow_short = options.allow_short_secrets});
}

absl::StatusOr<KeyRef> public_key(EvpKey key, std::string_view id,
                                  std::optional<TokenAlgorithm> algorithm) {
  if (key == nullptr) return refused("a key in a set of keys is damaged");
  return VerificationKey::of_public(std::move(key), id, algorithm);
}

}  // namespace

absl::StatusOr<KeyRef> read_jwk(element value, const JwksOptions& options) {
  const ErrorsOfOurs errors;
  object jwk;
  if (value.get(jwk)) return refused("a key in a set of keys is not an object");
  std::optional<std::string_view> kty;
  std::optional<std::string_view> kid;
  std::optional<std::string_view> alg;
  std::optional<std::string_view> crv;
  if (!optional_text(jwk, "kty", kty) || !optional_text(jwk, "kid", kid) ||
      !optional_text(jwk, "alg", alg) || !optional_text(jwk, "crv", crv)) {
    return refused("kty, kid, alg or crv of a key is not a text");
  }
  if (!kty) return refused("a key in a set of keys has no kty");
  bool ours = true;
  if (auto status = read_use(jwk, ours); !status.ok()) return status;
  // Whoever publishes one should hear of it, whatever the key is for.
  if (*kty != "oct" && jwk.at_key("d").error() == simdjson::SUCCESS) {
    return refused("a set of keys holds a private key");
  }
  std::optional<TokenAlgorithm> algorithm;
  if (alg) {
    algorithm = algorithm_named(*alg);
    ours = ours && algorithm.has_value();
  }
  if (!ours) return KeyRef();

  const auto id = kid.value_or("");
  if (*kty == "oct") return secret_key(jwk, id, algorithm, options);
  if (*kty == "RSA") return public_key(rsa_key(jwk), id, algorithm);
  if (*kty == "EC" || *kty == "OKP") {
    if (!crv) return refused("a key in a set of keys has no crv");
    if (*kty == "OKP" && *crv == "Ed25519") return public_key(ed25519_key(jwk), id, algorithm);
    const auto* traits = *kty == "EC" ? ec_by_curve(*crv) : nullptr;
    if (traits != nullptr) return public_key(ec_key(jwk, *traits), id, algorithm);
  }
  return KeyRef();
}

}  // namespace madang
