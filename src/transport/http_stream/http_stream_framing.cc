// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/http_stream/http_stream_framing.h"

#include <charconv>
#include <cstring>
#include <iterator>

namespace madang {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kField = "data: ";

// The length of what follows, as a chunk begins.
void begin_chunk(std::size_t bytes, std::string& out) {
  char digits[2 * sizeof(bytes)];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), bytes, 16);
  out.append(digits, end.ptr).append(kLineEnd);
}

bool has_line_break(std::string_view text) {
  return !text.empty() && (std::memchr(text.data(), '\n', text.size()) != nullptr ||
                           std::memchr(text.data(), '\r', text.size()) != nullptr);
}

// A reader of the stream puts the lines of one event together again, each break as a line feed.
std::string event_of_lines(std::string_view message) {
  std::string event;
  for (;;) {
    const std::size_t end = message.find_first_of(kLineEnd);
    event.append(kField).append(message.substr(0, end)).append("\n");
    if (end == message.npos) break;
    message.remove_prefix(end + (message.substr(end).starts_with(kLineEnd) ? 2 : 1));
  }
  return event.append("\n");
}

}  // namespace

void HttpStreamFraming::frame(std::string_view message, std::string& out) {
  switch (format_) {
    case StreamFormat::kLines:
      begin_chunk(message.size() + 1, out);
      out.append(message).append("\n");
      break;
    case StreamFormat::kEvents:
      if (has_line_break(message)) {
        const std::string event = event_of_lines(message);
        begin_chunk(event.size(), out);
        out.append(event);
      } else {
        begin_chunk(kField.size() + message.size() + 2, out);
        out.append(kField).append(message).append("\n\n");
      }
      break;
    case StreamFormat::kBytes:
      if (message.empty()) return;
      begin_chunk(message.size(), out);
      out.append(message);
      break;
  }
  out.append(kLineEnd);
}

}  // namespace madang
