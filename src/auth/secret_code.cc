// SPDX-License-Identifier: Apache-2.0
#include "auth/secret_code.h"

#include <openssl/hmac.h>

#include "auth/openssl.h"

namespace madang {

std::string secret_code(const char* digest, std::string_view secret, std::string_view text) {
  const ErrorsOfOurs errors;
  std::string code(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const EVP_MD* md = EVP_get_digestbyname(digest);
  if (md == nullptr || HMAC(md, secret.data(), static_cast<int>(secret.size()),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                            reinterpret_cast<unsigned char*>(code.data()), &size) == nullptr) {
    return {};
  }
  code.resize(size);
  return code;
}

}  // namespace madang
