// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "madang/room/event.h"
#include "protocol/centrifuge/protobuf_wire.h"

namespace madang::centrifuge {

// Appends one Protobuf message behind its length, which is filled in as this object goes. What has
// the value that stands for nothing, 0 or empty, is left out, as Protobuf has it. Field numbers are
// below 16; a nested message goes before the next field of its parent.
//
// The room for the length is kept by what the maker expects, `about` this many bytes. It may be
// wrong: then what was written is moved by a byte or so.
class ProtobufMessage {
 public:
  explicit ProtobufMessage(std::string& out, std::size_t about = 0)
      : out_(out), length_size_(varint_size(about)) {
    out_.append(length_size_, '\0');
    begin_ = out_.size();
  }
  ~ProtobufMessage();
  ProtobufMessage(const ProtobufMessage&) = delete;
  ProtobufMessage& operator=(const ProtobufMessage&) = delete;

  ProtobufMessage message(std::uint32_t field, std::size_t about = 0) {
    tag(field, WireType::kBytes);
    return ProtobufMessage(out_, about);
  }
  void bytes(std::uint32_t field, std::string_view value) {
    if (!value.empty()) put_bytes(field, value);
  }
  // What is not UTF-8 in it becomes U+FFFD, one a byte.
  void text(std::uint32_t field, std::string_view value);
  void number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    tag(field, WireType::kVarint);
    varint(value);
  }
  void yes(std::uint32_t field) { number(field, 1); }

 private:
  void tag(std::uint32_t field, WireType type) {
    out_ += static_cast<char>(field << 3 | static_cast<std::uint32_t>(type));
  }
  void varint(std::uint64_t value);
  void put_bytes(std::uint32_t field, std::string_view value) {
    tag(field, WireType::kBytes);
    varint(value.size());
    out_ += value;
  }

  std::string& out_;
  const std::size_t length_size_;
  std::size_t begin_ = 0;
};

// About how many bytes a message with this takes.
std::size_t about_bytes(const ClientInfo& info);
std::size_t about_bytes(const Event& message);
std::size_t about_bytes(const std::vector<EventRef>& messages);

void write_info(const ClientInfo& info, ProtobufMessage& out);

void write_publication(const Event& message, std::string_view epoch, ProtobufMessage& out);
// The same with a patch in place of the data, which makes it out of that of the message before.
void write_publication_patch(const Event& message, std::string_view epoch, std::string_view patch,
                             ProtobufMessage& out);

// What it costs to say that something is a patch.
inline constexpr std::size_t kPatchOverhead = 2;

}  // namespace madang::centrifuge
