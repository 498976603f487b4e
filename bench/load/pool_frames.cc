// SPDX-License-Identifier: Apache-2.0

// What a pool makes of the bytes that come.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "clock.h"
#include "pool.h"

namespace load {
namespace {

constexpr std::size_t kResponseBytesMax = 16 * 1024;
// What a server must make of the key that every handshake here sends.
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

}  // namespace

std::size_t Pool::handle_handshake(Connection& connection, std::string_view bytes,
                                   std::int64_t now) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) {
    if (bytes.size() > kResponseBytesMax) fail(connection, "the handshake's answer has no end");
    return 0;
  }
  const std::string_view head = bytes.substr(0, end);
  if (!head.starts_with("HTTP/1.1 101 ") || head.find(kAccept) == head.npos) {
    fail(connection, fmt::format("the handshake was answered \"{}\"",
                                 head.substr(0, std::min<std::size_t>(head.find("\r\n"), 80))));
  }
  set_stage(connection, Stage::kOpening);
  std::string opening;
  const bool opens =
      connection.is_member || !connection.is_publisher || codec_.publish_path({}).empty();
  if (opens) {
    codec_.append_opening({.room = connection.room, .member = connection.member}, &opening);
  }
  if (!opening.empty()) send(connection, opening);
  if (!opens || codec_.is_ready_at_once()) {
    set_stage(connection, Stage::kReady);
    listener_.on_ready(connection, now);
  }
  return end + 4;
}

std::size_t Pool::handle_frames(Connection& connection, const char* bytes, std::size_t size,
                                std::int64_t now) {
  const bool is_closely_read = connection.is_publisher || connection.stage != Stage::kReady;
  bool is_compared = false;
  std::size_t done = 0;
  FrameHeader header;
  while (true) {
    const FrameRead read = read_frame_header(bytes + done, size - done, &header);
    if (read == FrameRead::kIncomplete) break;
    if (read == FrameRead::kFragmented) fail(connection, "a fragmented message");
    if (read == FrameRead::kWrong) fail(connection, "a frame that no server may send");
    if (size - done - header.header_bytes < header.payload_bytes) break;
    const char* const payload = bytes + done + header.header_bytes;
    done += header.header_bytes + header.payload_bytes;
    if (header.payload_bytes == single_bytes_ && is_marker(payload + marker_) &&
        header.opcode <= Opcode::kBinary && !is_closely_read) [[likely]] {
      marks_.push_back(read_mark(payload + marker_));
      if (!is_compared) {
        is_compared = true;
        compare(payload, header.payload_bytes, marker_);
      }
      continue;
    }
    if (header.opcode >= Opcode::kClose) {
      hand_over(connection, now);
      handle_control(connection, header.opcode, {payload, header.payload_bytes});
    } else {
      handle_text(connection, {payload, header.payload_bytes}, now);
    }
    if (connection.stage < Stage::kOpening) return size;
  }
  hand_over(connection, now);
  return done;
}

void Pool::hand_over(Connection& connection, std::int64_t now) {
  if (marks_.empty()) return;
  if (connection.is_member) listener_.on_messages(connection, marks_.data(), marks_.size(), now);
  marks_.clear();
}

void Pool::handle_control(Connection& connection, Opcode opcode, std::string_view payload) {
  if (opcode == Opcode::kPing) {
    std::string pong;
    append_client_frame(Opcode::kPong, payload.substr(0, 125), &pong);
    send(connection, pong);
  } else if (opcode == Opcode::kClose) {
    Closing closing;
    if (payload.size() >= 2) {
      closing.code = static_cast<std::uint32_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                                static_cast<std::uint8_t>(payload[1]));
      closing.reason = payload.substr(2, 123);
    }
    lose(connection, closing);
  }
}

// A text that is not a lone message of the usual length: words, or several messages, or both.
void Pool::handle_text(Connection& connection, std::string_view text, std::int64_t now) {
  if (!codec_.is_in_lines()) {
    if (collect_marks(text, true) == 0) handle_word(connection, text, now);
    return;
  }
  const std::size_t bytes = text.size();
  while (!text.empty() && connection.stage >= Stage::kOpening) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t count = collect_marks(line, line.size() == bytes);
    // A reply may hold messages: an echo, or what a recovery brings.
    if (!line.empty() && (count == 0 || !line.starts_with(R"({"push":)"))) {
      handle_word(connection, line, now);
    }
  }
}

// Adds the marks in `text` to those of this read, and answers how many there are.
std::size_t Pool::collect_marks(std::string_view text, bool is_whole_frame) {
  const std::size_t first = find_marker(text, 0);
  if (first == text.npos) return 0;
  compare(text.data(), text.size(), first);
  std::size_t count = 0;
  for (std::size_t at = first; at != text.npos; at = find_marker(text, at + kMarkerBytes)) {
    marks_.push_back(read_mark(text.data() + at));
    ++count;
  }
  if (count == 1 && is_whole_frame) {
    single_bytes_ = text.size();
    marker_ = first;
  }
  return count;
}

void Pool::handle_word(Connection& connection, std::string_view text, std::int64_t now) {
  hand_over(connection, now);
  if (connection.stage < Stage::kOpening) return;
  const Word word = codec_.read(text);
  if (word.kind == Word::Kind::kPing) return send_text(connection, codec_.pong());
  if (word.kind == Word::Kind::kReply || word.kind == Word::Kind::kReady) {
    listener_.on_reply_text(connection, text);
  }
  if (connection.stage == Stage::kOpening && word.kind == Word::Kind::kReply) return;
  if (connection.stage == Stage::kOpening && word.kind == Word::Kind::kReady) {
    set_stage(connection, Stage::kReady);
    return listener_.on_ready(connection, now);
  }
  if (word.kind != Word::Kind::kNothing) listener_.on_word(connection, word, now);
}

// Compares the padding of a message with what was sent, wherever the server put it.
void Pool::compare(const char* payload, std::size_t size, std::size_t marker) {
  const MessageText& message = codec_.wording().message;
  const std::string_view pad =
      std::string_view(message.text).substr(message.pad, message.pad_bytes);
  const std::size_t at = marker + message.pad - message.marker;
  ++compared_;
  if (at + pad.size() <= size && std::memcmp(payload + at, pad.data(), pad.size()) == 0) return;
  if (std::string_view(payload, size).find(pad, marker) == std::string_view::npos) ++damaged_;
}

}  // namespace load
