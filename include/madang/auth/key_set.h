// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace madang {

// The algorithms of RFC 7518 and RFC 8037 that tokens may be signed with. There is no `none`.
enum class TokenAlgorithm : std::uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
};

inline constexpr std::size_t kKeysMax = 64;
inline constexpr std::size_t kKeyIdBytesMax = 255;
inline constexpr std::size_t kKeyTextBytesMax = 256 * 1024;  // of a PEM or JWKS text
inline constexpr std::size_t kSecretBytesMin = 32;           // RFC 8725: as long as the digest
inline constexpr std::size_t kSecretBytesMax = 1024;
inline constexpr std::size_t kRsaBitsMin = 2048;
inline constexpr std::size_t kRsaBitsMax = 8192;  // larger ones cost too much to check

struct SecretOptions {
  std::string id = {};  // `kid`
  TokenAlgorithm algorithm = TokenAlgorithm::kHs256;
  // Takes a secret under kSecretBytesMin bytes. It can be guessed from one token: for tests only.
  bool allow_short = false;
};

struct JwksOptions {
  // Takes secrets (`oct`), each of which must say its `alg`. What is fetched or shown to others
  // holds none, so that one there is an error.
  bool allow_secrets = false;
  bool allow_short_secrets = false;
};

class VerificationKey;

// The keys that tokens are checked with.
//
// A key knows what it is for, and a token's `alg` only chooses among the keys: a secret checks one
// HS algorithm, an RSA key RS256 to RS512 (or the one its JWK names), an EC key the ES algorithm of
// its curve (P-256, P-384, P-521), an Ed25519 key EdDSA. So a token signed with the text of a
// public key as if it were a secret finds no key.
//
// Which key checks a token: the one whose id is the token's `kid`, of those for its algorithm. A
// token without one, and any token as long as no key has an id, is checked with the only key for
// its algorithm; are there several, the token is refused, for its cost would grow with the keys.
//
// Filled by one thread, then read by any as a shared const object. The add functions change nothing
// when they fail, and quote nothing of the key.
//   InvalidArgument      not a key of these kinds, too weak, or the id is too long
//   AlreadyExists        the id is taken
//   ResourceExhausted    more than kKeysMax keys, or the text is above kKeyTextBytesMax
class KeySet {
 public:
  // HMAC. Bytes as they are; a text in PEM is refused, for then it is no secret.
  absl::Status add_secret(std::string_view secret, const SecretOptions& options = {});

  // One public key, as `-----BEGIN PUBLIC KEY-----` (openssl pkey -pubout).
  absl::Status add_pem(std::string_view pem, std::string_view id = {});

  // A JSON Web Key Set (RFC 7517). Keys for another use or of a kind not listed above are passed
  // over, as the RFC asks; one that is broken, weak or private makes the whole text an error, and
  // so do an id that is there twice, a member that is there twice, and a set without a key for us.
  absl::Status add_jwks(std::string_view json, const JwksOptions& options = {});

  std::size_t size() const { return keys_.size(); }

  // The key for a token, or null with the reason in `why`. `id` is null if the token names none.
  const VerificationKey* find(TokenAlgorithm algorithm, const std::string* id,
                              std::string_view& why) const;

 private:
  absl::Status add(std::vector<std::shared_ptr<const VerificationKey>> keys);

  std::vector<std::shared_ptr<const VerificationKey>> keys_;
  bool any_has_id_ = false;
};

}  // namespace madang
