// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

namespace madang {

template <auto free_it>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    free_it(object);
  }
};

using EvpKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using EvpKeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using EvpDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using BigNumber = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;

// OpenSSL leaves errors in a queue of the thread, where TLS of the same thread would find them.
class ErrorsOfOurs {
 public:
  ErrorsOfOurs() { ERR_set_mark(); }
  ~ErrorsOfOurs() { ERR_pop_to_mark(); }
  ErrorsOfOurs(const ErrorsOfOurs&) = delete;
  ErrorsOfOurs& operator=(const ErrorsOfOurs&) = delete;
};

}  // namespace madang
