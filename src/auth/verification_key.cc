// SPDX-License-Identifier: Apache-2.0
#include "auth/verification_key.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include <utility>

#include "auth/secret_code.h"

namespace madang {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status refused(const char* why) { return absl::InvalidArgumentError(why); }

absl::Status check_id(std::string_view id) {
  if (id.size() > kKeyIdBytesMax) return refused("the id of a key is too long");
  return absl::OkStatus();
}

// With an exponent of 1 every signature is its own text; a huge one makes each check dear.
bool good_exponent(const EVP_PKEY* key) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &number) != 1) return false;
  const BigNumber exponent(number);
  return BN_is_odd(number) == 1 && BN_is_one(number) == 0 && BN_num_bits(number) <= 64;
}

absl::Status check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < static_cast<int>(kRsaBitsMin)) return refused("an RSA key is too short");
  if (bits > static_cast<int>(kRsaBitsMax)) return refused("an RSA key is too long");
  if (!good_exponent(key)) return refused("the exponent of an RSA key is no good");
  return absl::OkStatus();
}

// The algorithm of the key's curve; null: none of ours.
const AlgorithmTraits* ec_algorithm(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return nullptr;
  return ec_by_group({group.data(), size});
}

bool sound(EVP_PKEY* key) {
  const EvpKeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  return context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
}

// What OpenSSL reads: JWS has the two numbers one after the other, OpenSSL wants them in DER.
bool ec_signature_to_der(std::string_view raw, std::size_t half, std::string& der) {
  if (raw.size() != 2 * half) return false;
  BigNumber r(BN_bin2bn(bytes_of(raw), static_cast<int>(half), nullptr));
  BigNumber s(BN_bin2bn(bytes_of(raw.substr(half)), static_cast<int>(half), nullptr));
  if (r == nullptr || s == nullptr || BN_is_zero(r.get()) == 1 || BN_is_zero(s.get()) == 1) {
    return false;
  }
  const EcSignature signature(ECDSA_SIG_new());
  if (signature == nullptr || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return false;
  static_cast<void>(r.release());  // the signature's now
  static_cast<void>(s.release());
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return false;
  der.resize(static_cast<std::size_t>(size));
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  return i2d_ECDSA_SIG(signature.get(), &out) == size;
}

}  // namespace

absl::StatusOr<KeyRef> VerificationKey::of_secret(std::string_view secret,
                                                  const SecretOptions& options) {
  if (traits_of(options.algorithm).family != KeyFamily::kSecret) {
    return refused("a secret is for an HS algorithm");
  }
  if (secret.empty()) return refused("a secret is empty");
  if (secret.size() > kSecretBytesMax) return refused("a secret is too long");
  if (secret.find("-----BEGIN") != std::string_view::npos) {
    return refused("a key in PEM is not a secret");
  }
  if (secret.size() < kSecretBytesMin && !options.allow_short) {
    return refused("a secret is too short");
  }
  if (auto status = check_id(options.id); !status.ok()) return status;
  const std::shared_ptr<VerificationKey> key(new VerificationKey());
  key->id_ = options.id;
  key->family_ = KeyFamily::kSecret;
  key->only_ = options.algorithm;
  key->secret_ = secret;
  return key;
}

absl::StatusOr<KeyRef> VerificationKey::of_public(EvpKey evp, std::string_view id,
                                                  std::optional<TokenAlgorithm> only) {
  const ErrorsOfOurs errors;
  if (auto status = check_id(id); !status.ok()) return status;
  const std::shared_ptr<VerificationKey> key(new VerificationKey());
  switch (EVP_PKEY_get_base_id(evp.get())) {
    case EVP_PKEY_RSA:
      key->family_ = KeyFamily::kRsa;
      if (auto status = check_rsa(evp.get()); !status.ok()) return status;
      if (only && traits_of(*only).family != KeyFamily::kRsa) {
        return refused("the algorithm is not one of an RSA key");
      }
      key->only_ = only;
      break;
    case EVP_PKEY_EC: {
      key->family_ = KeyFamily::kEc;
      const auto* traits = ec_algorithm(evp.get());
      if (traits == nullptr) return refused("the curve of a key is not offered");
      key->only_ = traits->algorithm;
      break;
    }
    case EVP_PKEY_ED25519:
      key->family_ = KeyFamily::kEd25519;
      key->only_ = TokenAlgorithm::kEdDsa;
      break;
    default:
      return refused("a key is neither RSA nor EC nor Ed25519");
  }
  if (only && key->only_ != only) return refused("the algorithm is not the key's");
  if (!sound(evp.get())) return refused("a key is damaged");
  key->id_ = id;
  key->key_ = std::move(evp);
  return key;
}

VerificationKey::~VerificationKey() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

bool VerificationKey::fits(TokenAlgorithm algorithm) const {
  if (only_) return *only_ == algorithm;
  return traits_of(algorithm).family == family_;
}

bool VerificationKey::verify(TokenAlgorithm algorithm, std::string_view text,
                             std::string_view signature) const {
  if (!fits(algorithm) || signature.empty()) return false;
  const ErrorsOfOurs errors;
  const auto& traits = traits_of(algorithm);
  switch (family_) {
    case KeyFamily::kSecret:
      return verify_secret(traits, text, signature);
    case KeyFamily::kEc: {
      std::string der;
      if (!ec_signature_to_der(signature, traits.signature_half, der)) return false;
      return verify_public(traits.digest, text, der);
    }
    case KeyFamily::kRsa:
    case KeyFamily::kEd25519:
      // OpenSSL looks at the length, which is the key's.
      return verify_public(traits.digest, text, signature);
  }
  return false;
}

bool VerificationKey::verify_secret(const AlgorithmTraits& traits, std::string_view text,
                                    std::string_view signature) const {
  const std::string code = secret_code(traits.digest, secret_, text);
  return !code.empty() && signature.size() == code.size() &&
         CRYPTO_memcmp(code.data(), signature.data(), code.size()) == 0;
}

bool VerificationKey::verify_public(const char* digest, std::string_view text,
                                    std::string_view signature) const {
  const EvpDigestContext context(EVP_MD_CTX_new());
  if (context == nullptr) return false;
  if (EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key_.get(),
                              nullptr) != 1) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

}  // namespace madang
