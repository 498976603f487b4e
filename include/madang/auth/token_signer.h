// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "madang/auth/key_set.h"

namespace madang {

// Makes tokens that a TokenVerifier with the same secret finds good: for a host that has a login of
// its own and serves madang in the same process. Others sign with a library of their language.
//
// Immutable; any thread.
class TokenSigner {
 public:
  // InvalidArgument as for KeySet::add_secret, which asks for HS256 to HS512; or the id has a
  // quotation mark or backslash in it.
  static absl::StatusOr<TokenSigner> make(std::string_view secret,
                                          const SecretOptions& options = {});

  // `claims` is a JSON object: {"sub":"42","exp":1700000000}, and for a subscription "channel". It
  // is not looked at. Empty if OpenSSL fails, which it does for want of memory alone.
  std::string sign(std::string_view claims) const;

 private:
  TokenSigner() = default;

  std::string secret_;
  std::string head_;  // the first part of each token, with the dot
  const char* digest_ = nullptr;
};

}  // namespace madang
