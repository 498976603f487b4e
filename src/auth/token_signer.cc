// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/token_signer.h"

#include <fmt/format.h>

#include "auth/algorithm.h"
#include "auth/base64.h"
#include "auth/secret_code.h"

namespace madang {

absl::StatusOr<TokenSigner> TokenSigner::make(std::string_view secret,
                                              const SecretOptions& options) {
  // What no verifier would take as a key is none to sign with.
  KeySet keys;
  if (auto status = keys.add_secret(secret, options); !status.ok()) return status;

  const AlgorithmTraits& traits = traits_of(options.algorithm);
  TokenSigner signer;
  signer.secret_ = secret;
  signer.digest_ = traits.digest;
  if (options.id.find_first_of("\"\\") != std::string::npos) {
    return absl::InvalidArgumentError("the id of a key to sign with has no quotes in it");
  }
  const std::string id =
      options.id.empty() ? std::string() : fmt::format(R"(,"kid":"{}")", options.id);
  signer.head_ = encode_base64url(fmt::format(R"({{"alg":"{}","typ":"JWT"{}}})", traits.name, id));
  signer.head_ += '.';
  return signer;
}

std::string TokenSigner::sign(std::string_view claims) const {
  std::string token = head_ + encode_base64url(claims);
  const std::string code = secret_code(digest_, secret_, token);
  if (code.empty()) return {};
  token += '.';
  token += encode_base64url(code);
  return token;
}

}  // namespace madang
