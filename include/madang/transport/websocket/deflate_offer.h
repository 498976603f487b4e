// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace madang::websocket {

// What a server and a client agreed on for permessage-deflate (RFC 7692).
//
// Neither side keeps its window from one message to the next, so that one Deflater and one Inflater
// serve all connections of a thread and a connection has no state of its own.
struct DeflateParams {
  // The window that our Deflater may use: 9 to 15.
  int server_window_bits = 15;
  // Whether the client asked for the bound above, which is then confirmed.
  bool server_window_bits_asked = false;

  // The value of the response's Sec-WebSocket-Extensions header.
  std::string response() const;
};

// Chooses the first acceptable offer in the value of a client's Sec-WebSocket-Extensions header
// (several such headers joined with commas), or none: then messages go uncompressed.
//
// An offer is passed over, and never fails the handshake, if it is of another extension, is not
// well-formed, has an unknown or repeated parameter or one with an ill-formed value, or asks for
// server_max_window_bits=8, which zlib cannot do. Parameters that restrict only the client are
// accepted and need no answer: an Inflater reads every window. Costs O(value) in time and nothing
// in memory.
std::optional<DeflateParams> choose_deflate_offer(std::string_view extensions);

}  // namespace madang::websocket
