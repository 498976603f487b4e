// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "server_fixture.h"

namespace madang {

inline std::string request_of(std::string_view method, std::string_view target,
                              std::string_view headers = {}, std::string_view body = {}) {
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  if (!body.empty() || method == "POST") {
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return request.append("\r\n").append(body);
}

// Every byte that is not a letter or digit as %XX.
inline std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

inline std::string lines_request(std::string_view commands, std::string_view headers = {}) {
  return request_of("POST", "/connection/http_stream", headers, commands);
}

inline std::string events_request(std::string_view commands, std::string_view headers = {}) {
  return request_of("GET", "/connection/sse?cf_connect=" + percent_encoded(commands), headers);
}

// JSON text, as far as the tests need it.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + '"';
}

inline std::string text_member(std::string_view json, std::string_view name) {
  const std::string begin = "\"" + std::string(name) + "\":\"";
  const std::size_t at = json.find(begin);
  if (at == json.npos) return {};
  const std::string_view rest = json.substr(at + begin.size());
  return std::string(rest.substr(0, rest.find('"')));
}

// The reader of a stream that came as the response to `request`.
class StreamClient {
 public:
  StreamClient(std::uint16_t port, std::string_view request, int receive_buffer_bytes = 0)
      : tcp(port, receive_buffer_bytes) {
    tcp.send(request);
    head = receive_head(tcp);
    REQUIRE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  }

  // The next chunk of the body; empty for the last one, or where the stream is cut.
  std::string chunk() {
    std::string length;
    while (!length.ends_with("\r\n")) {
      const std::string byte = tcp.receive_some(1);
      if (byte.empty()) return {};
      length += byte;
    }
    const std::size_t size = std::strtoul(length.c_str(), nullptr, 16);
    std::string bytes = tcp.receive_all(size + 2);
    ended = size == 0 && bytes == "\r\n";
    if (!bytes.ends_with("\r\n") || bytes.size() != size + 2) return {};
    bytes.resize(size);
    return bytes;
  }

  // The next message of lines or of events.
  std::string message() {
    std::string text = chunk();
    if (text.starts_with("data: ")) {
      REQUIRE(text.ends_with("\n\n"));
      return text.substr(6, text.size() - 8);
    }
    if (text.empty()) return text;
    REQUIRE(text.ends_with("\n"));
    return text.substr(0, text.size() - 1);
  }

  // Reads messages until one has `text` in it; empty if the stream ends before.
  std::string until(std::string_view text) {
    for (;;) {
      std::string next = message();
      if (next.empty() || next.find(text) != next.npos) return next;
    }
  }

  // Reads the connect reply, for what is needed to hand in commands.
  void read_connected() {
    const std::string reply = until("\"connect\"");
    session = text_member(reply, "session");
    node = text_member(reply, "node");
    REQUIRE(session.size() == 32);
    REQUIRE_FALSE(node.empty());
  }

  std::string handing_in(std::string_view commands) const {
    return request_of("POST", "/emulation", "Content-Type: application/json\r\n",
                      "{\"session\":\"" + session + "\",\"node\":\"" + node +
                          "\",\"data\":" + quoted(commands) + "}");
  }

  TcpClient tcp;
  std::string head;
  std::string session;
  std::string node;
  bool ended = false;  // by its last chunk
};

// Sends a request on a connection of its own and returns the whole response.
inline std::string ask(std::uint16_t port, std::string_view request) {
  TcpClient client(port);
  client.send(request);
  std::string response = receive_head(client);
  const std::string length = "Content-Length: ";
  const std::size_t at = response.find(length);
  if (at != response.npos) {
    response += client.receive_all(std::strtoul(&response[at + length.size()], nullptr, 10));
  }
  return response;
}

inline std::string status_of(std::string_view response) {
  return std::string(response.substr(0, response.size() < 12 ? response.size() : 12)).substr(9);
}

inline std::string ask_status(std::uint16_t port, std::string_view request) {
  return status_of(ask(port, request) + std::string(12, ' '));
}

}  // namespace madang
