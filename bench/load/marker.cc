// SPDX-License-Identifier: Apache-2.0
#include "marker.h"

#include <algorithm>
#include <stdexcept>

namespace load {
namespace {

// No period that a power of two divides, so that bytes that moved are noticed.
constexpr std::string_view kPadding = "abcdefghijklmnopqrstuvwxyz0123456789.";

bool is_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

void write_hex(std::uint32_t value, char* out) {
  for (int i = 7; i >= 0; --i, value >>= 4)
    out[i] = "0123456789abcdef"[value & 15];
}

MessageText make_message(std::size_t bytes, bool quoted) {
  if (bytes < kMessageBytesMin || bytes > kMessageBytesMax) {
    throw std::invalid_argument("a message has 40 to 60000 bytes");
  }
  MessageText message;
  const auto append = [&](std::string_view text) {
    for (const char c : text) {
      if (c == '"' && quoted) message.text += '\\';
      message.text += c;
    }
  };
  append(R"({"m":")");
  message.marker = message.text.size();
  append("@@0000000000000000");
  append(R"(","x":")");
  message.pad = message.text.size();
  constexpr std::size_t kAround = std::string_view(R"({"m":"","x":""})").size() + kMarkerBytes;
  message.pad_bytes = bytes - kAround;
  for (std::size_t i = 0; i < message.pad_bytes; ++i)
    message.text += kPadding[i % kPadding.size()];
  append(R"("})");
  return message;
}

void write_mark(Mark mark, char* marker) {
  write_hex(mark.room, marker + 2);
  write_hex(mark.sequence, marker + 10);
}

std::size_t find_marker(std::string_view text, std::size_t from) {
  while ((from = text.find("@@", from)) != text.npos && from + kMarkerBytes <= text.size()) {
    const char* digits = text.data() + from + 2;
    if (std::all_of(digits, digits + 16, is_digit)) return from;
    ++from;
  }
  return text.npos;
}

}  // namespace load
