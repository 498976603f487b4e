// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/transport/websocket/deflate_offer.h"

namespace madang::websocket {

// The server's side of the opening handshake (RFC 6455, section 4.2), once HTTP is parsed. The
// Origin header, the path and who may connect are decided elsewhere.

// What the decision needs of the request. A header that is missing is empty. One that came several
// times is given joined with commas: that is the meaning of lists, and it makes a repeated key or
// version invalid. Nothing is kept after the call.
struct HandshakeRequest {
  std::string_view method;
  int http_major = 1;
  int http_minor = 1;
  std::string_view upgrade;       // Upgrade
  std::string_view connection;    // Connection
  std::string_view version;       // Sec-WebSocket-Version
  std::string_view key;           // Sec-WebSocket-Key
  std::string_view subprotocols;  // Sec-WebSocket-Protocol
  std::string_view extensions;    // Sec-WebSocket-Extensions
};

struct HandshakeOptions {
  // The subprotocols that the server speaks.
  std::vector<std::string> subprotocols = {};
  // Whether to agree to permessage-deflate if the client offers it.
  bool compression = false;
};

struct HandshakeResponse {
  int status = 101;         // Anything else is a refusal.
  std::string_view reason;  // Why it was refused: a short fixed text; empty for 101.
  // All headers that the status asks for; for 101 the whole head but the status line.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string subprotocol;               // The one chosen, or empty.
  std::optional<DeflateParams> deflate;  // Set if compression was agreed on.

  bool accepted() const { return status == 101; }
};

// Decides on the request:
//   101  accepted.
//   405  the method is not GET; with Allow.
//   505  not HTTP/1.1 or later HTTP/1.
//   426  no upgrade to websocket is asked for, with Upgrade; or the version is not 13, with
//        Sec-WebSocket-Version as well.
//   400  Connection lacks the token `upgrade`, or the key is not 16 bytes in base64.
// A subprotocol or extension that we do not speak never fails the handshake: the answer leaves it
// out, and the client or the host decides what that means.
HandshakeResponse answer_handshake(const HandshakeRequest& request,
                                   const HandshakeOptions& options);

// Whether the key is the base64 form of exactly 16 bytes. As in most decoders, the four bits that
// base64 has left over may be anything.
bool is_valid_key(std::string_view key);

// The value of Sec-WebSocket-Accept for a key: SHA-1 as the RFC demands, which protects nothing.
// The first call of a process has OpenSSL load what it takes, some 100 KB, so that a server calls
// this once before it lets anybody in. Throws if OpenSSL has no SHA-1.
std::string accept_key(std::string_view key);

// Whether the comma-separated list has the token, in any case.
bool has_token(std::string_view list, std::string_view token);

// The first subprotocol of the client's comma-separated list that is one of ours, or empty: clients
// list them in order of preference, and their names are compared exactly. The result points into
// `list`.
std::string_view choose_subprotocol(std::string_view list, std::span<const std::string> ours);

}  // namespace madang::websocket
