// SPDX-License-Identifier: Apache-2.0
#include "auth/pem.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

namespace madang {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";

using Bio = std::unique_ptr<BIO, OpensslFree<BIO_free>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// Instead of OpenSSL's own, which asks at the terminal and waits.
int no_password(char* /*to*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

}  // namespace

absl::StatusOr<EvpKey> read_pem(std::string_view pem) {
  const ErrorsOfOurs errors;
  const auto text = trimmed(pem);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    return absl::InvalidArgumentError("a private key is not for checking: give the public one");
  }
  if (!text.starts_with(kBegin) || text.find(kEnd) + kEnd.size() != text.size()) {
    return absl::InvalidArgumentError("not one BEGIN PUBLIC KEY in PEM");
  }
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (bio == nullptr) return absl::ResourceExhaustedError("no memory for a key");
  EvpKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return absl::InvalidArgumentError("a key in PEM is damaged");
  return key;
}

}  // namespace madang
