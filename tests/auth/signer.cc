// SPDX-License-Identifier: Apache-2.0
#include "auth/signer.h"

#include <openssl/bio.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "auth/algorithm.h"
#include "auth/base64.h"
#include "auth/openssl.h"

namespace madang::testing {
namespace {

void must(bool good) {
  if (good) return;
  ERR_print_errors_fp(stderr);
  std::abort();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

template <typename Write>
std::string written(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  must(bio != nullptr && write(bio) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string copy(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return copy;
}

std::string number(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* value = nullptr;
  must(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  const BigNumber owner(value);
  std::string bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(value)) : size, '\0');
  must(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size())) >= 0);
  return encode_base64url(bytes);
}

std::string raw_of(std::string_view der, std::size_t half) {
  const auto* begin = bytes_of(der);
  const EcSignature signature(d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size())));
  must(signature != nullptr);
  std::string raw(2 * half, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, static_cast<int>(half)) >= 0);
  must(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + half, static_cast<int>(half)) >= 0);
  return raw;
}

}  // namespace

struct Signer::Key {
  std::string secret = {};
  EvpKey key = nullptr;
};

Signer Signer::secret(std::string secret) {
  auto key = std::make_shared<Key>();
  key->secret = std::move(secret);
  return Signer(std::move(key));
}

Signer Signer::rsa(unsigned bits) {
  auto key = std::make_shared<Key>();
  key->key.reset(EVP_RSA_gen(bits));
  must(key->key != nullptr);
  return Signer(std::move(key));
}

Signer Signer::ec(const char* group) {
  auto key = std::make_shared<Key>();
  key->key.reset(EVP_EC_gen(group));
  must(key->key != nullptr);
  return Signer(std::move(key));
}

Signer Signer::ed25519() {
  auto key = std::make_shared<Key>();
  key->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(key->key != nullptr);
  return Signer(std::move(key));
}

std::string Signer::pem() const {
  return written([this](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_->key.get()); });
}

std::string Signer::private_pem() const {
  return written([this](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key_->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string Signer::jwk(std::string_view id, std::string_view more) const {
  std::string text;
  const auto* key = key_->key.get();
  if (key == nullptr) {
    text = R"({"kty":"oct","k":")" + encode_base64url(key_->secret) + '"';
  } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    text = R"({"kty":"RSA","n":")" + number(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
           number(key, OSSL_PKEY_PARAM_RSA_E, 0) + '"';
  } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    char group[64];
    must(EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1);
    const auto* traits = ec_by_group(group);
    const std::size_t half = traits == nullptr ? 32 : traits->signature_half;
    text = R"({"kty":"EC","crv":")" + std::string(traits == nullptr ? group : traits->curve) +
           R"(","x":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_X, half) + R"(","y":")" +
           number(key, OSSL_PKEY_PARAM_EC_PUB_Y, half) + '"';
  } else {
    std::string x(32, '\0');
    std::size_t size = x.size();
    must(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(x.data()), &size) == 1);
    text = R"({"kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(x) + '"';
  }
  if (!id.empty()) text += R"(,"kid":")" + std::string(id) + '"';
  return text + std::string(more) + '}';
}

std::string Signer::sign(TokenAlgorithm algorithm, std::string_view text, bool der) const {
  const auto& traits = traits_of(algorithm);
  if (key_->key == nullptr) {
    std::string code(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    must(HMAC(EVP_get_digestbyname(traits.digest), key_->secret.data(),
              static_cast<int>(key_->secret.size()), bytes_of(text), text.size(),
              reinterpret_cast<unsigned char*>(code.data()), &size) != nullptr);
    code.resize(size);
    return code;
  }
  const EvpDigestContext context(EVP_MD_CTX_new());
  must(EVP_DigestSignInit_ex(context.get(), nullptr, traits.digest, nullptr, nullptr,
                             key_->key.get(), nullptr) == 1);
  std::size_t size = 0;
  must(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1);
  std::string signature(size, '\0');
  must(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes_of(text), text.size()) == 1);
  signature.resize(size);
  if (traits.family == KeyFamily::kEc && !der) return raw_of(signature, traits.signature_half);
  return signature;
}

std::string Signer::token(TokenAlgorithm algorithm, std::string_view claims,
                          std::string_view id) const {
  auto header = R"({"typ":"JWT","alg":")" + std::string(traits_of(algorithm).name) + '"';
  if (!id.empty()) header += R"(,"kid":")" + std::string(id) + '"';
  return token_with_header(algorithm, header + '}', claims);
}

std::string Signer::token_with_header(TokenAlgorithm algorithm, std::string_view header,
                                      std::string_view claims) const {
  const auto text = encode_base64url(header) + '.' + encode_base64url(claims);
  return text + '.' + encode_base64url(sign(algorithm, text));
}

std::string jwks(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const auto& key : keys) {
    if (text.back() == '}') text += ',';
    text += key;
  }
  return text + "]}";
}

}  // namespace madang::testing
