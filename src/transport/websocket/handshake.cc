// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

#include "transport/websocket/header_list.h"

namespace madang::websocket {
namespace {

constexpr std::string_view kVersion = "13";
constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kKeyChars = 24;  // 16 bytes in base64, of which the last two are padding.

bool is_base64_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

// OpenSSL's SHA-1, looked up once: SHA1() looks it up each time, which takes longer than the hash.
class Sha1 {
 public:
  Sha1() : algorithm_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
    if (algorithm_ == nullptr || context_ == nullptr) throw std::bad_alloc();
  }
  ~Sha1() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;

  // Of the two texts, one after the other.
  void digest(std::string_view a, std::string_view b, unsigned char* out) const {
    if (EVP_DigestInit_ex(context_, algorithm_, nullptr) != 1 ||
        EVP_DigestUpdate(context_, a.data(), a.size()) != 1 ||
        EVP_DigestUpdate(context_, b.data(), b.size()) != 1 ||
        EVP_DigestFinal_ex(context_, out, nullptr) != 1) {
      throw std::runtime_error("SHA-1 failed");
    }
  }

 private:
  EVP_MD* const algorithm_;
  EVP_MD_CTX* const context_;
};

HandshakeResponse refuse(int status, std::string_view reason) {
  HandshakeResponse response;
  response.status = status;
  response.reason = reason;
  return response;
}

HandshakeResponse demand_upgrade(std::string_view reason) {
  HandshakeResponse response = refuse(426, reason);
  response.headers = {{"Connection", "Upgrade"},
                      {"Upgrade", "websocket"},
                      {"Sec-WebSocket-Version", std::string(kVersion)}};
  return response;
}

}  // namespace

HandshakeResponse answer_handshake(const HandshakeRequest& request,
                                   const HandshakeOptions& options) {
  if (request.http_major != 1 || request.http_minor < 1) return refuse(505, "HTTP/1.1 required");
  if (request.method != "GET") {
    HandshakeResponse response = refuse(405, "method is not GET");
    response.headers = {{"Allow", "GET"}};
    return response;
  }
  if (!has_token(request.upgrade, "websocket")) return demand_upgrade("upgrade required");
  if (!has_token(request.connection, "upgrade")) return refuse(400, "connection is not upgrade");
  if (request.version != kVersion) return demand_upgrade("unsupported version");
  if (!is_valid_key(request.key)) return refuse(400, "invalid key");

  HandshakeResponse response;
  response.headers = {{"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},
                      {"Sec-WebSocket-Accept", accept_key(request.key)}};
  response.subprotocol = choose_subprotocol(request.subprotocols, options.subprotocols);
  if (!response.subprotocol.empty()) {
    response.headers.emplace_back("Sec-WebSocket-Protocol", response.subprotocol);
  }
  if (options.compression) response.deflate = choose_deflate_offer(request.extensions);
  if (response.deflate) {
    response.headers.emplace_back("Sec-WebSocket-Extensions", response.deflate->response());
  }
  return response;
}

bool is_valid_key(std::string_view key) {
  return key.size() == kKeyChars && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, is_base64_char);
}

std::string accept_key(std::string_view key) {
  thread_local const Sha1 sha1;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  sha1.digest(key, kAcceptGuid, digest.data());
  std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> base64;
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {base64.begin(), base64.begin() + size};
}

bool has_token(std::string_view list, std::string_view token) {
  ListReader reader(list, ',');
  std::string_view element;
  while (reader.next(&element)) {
    if (equals_ignoring_case(element, token)) return true;
  }
  return false;
}

std::string_view choose_subprotocol(std::string_view list, std::span<const std::string> ours) {
  ListReader reader(list, ',');
  std::string_view element;
  while (reader.next(&element)) {
    if (std::find(ours.begin(), ours.end(), element) != ours.end()) return element;
  }
  return {};
}

}  // namespace madang::websocket
