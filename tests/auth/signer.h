// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "madang/auth/key_set.h"

namespace madang::testing {

// The other side of the trade: makes keys and signs with them. A failure of OpenSSL's ends the
// program, for there is nothing to test then.
class Signer {
 public:
  static Signer secret(std::string secret);
  static Signer rsa(unsigned bits = 2048);
  static Signer ec(const char* group);  // as OpenSSL calls the curve: P-256, secp256k1 ...
  static Signer ed25519();

  // The public key, in PEM; that of PKCS 8 for the private one.
  std::string pem() const;
  std::string private_pem() const;
  // One JSON Web Key. `more` is put behind its members: R"(,"use":"sig")".
  std::string jwk(std::string_view id = {}, std::string_view more = {}) const;

  // What RFC 7518 says the signature is, in bytes. `der` leaves one of EC as OpenSSL makes it.
  std::string sign(TokenAlgorithm algorithm, std::string_view text, bool der = false) const;

  // A whole token. The first one makes the header, of `alg` and, if there is one, `kid`.
  std::string token(TokenAlgorithm algorithm, std::string_view claims,
                    std::string_view id = {}) const;
  std::string token_with_header(TokenAlgorithm algorithm, std::string_view header,
                                std::string_view claims) const;

 private:
  struct Key;
  explicit Signer(std::shared_ptr<const Key> key) : key_(std::move(key)) {}

  std::shared_ptr<const Key> key_;
};

std::string jwks(std::initializer_list<std::string> keys);

}  // namespace madang::testing
