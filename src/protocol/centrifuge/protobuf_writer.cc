// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_writer.h"

#include <array>

#include "protocol/centrifuge/utf8.h"
#include "protocol/centrifuge/wire_fields.h"

namespace madang::centrifuge {
namespace {

// Tags, lengths and numbers of one message with the messages in it.
constexpr std::size_t kAboutOverhead = 16;
constexpr std::size_t kClientIdBytes = 36;

std::size_t put_varint(std::uint64_t value, char* to) {
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7)
    to[size++] = static_cast<char>(value | 0x80);
  to[size++] = static_cast<char>(value);
  return size;
}

std::string replaced(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_character_size(text);
    out += size == 0 ? kReplacementCharacter : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

// All but the data.
void write_rest(const Event& message, std::string_view epoch, ProtobufMessage& out) {
  if (message.info != nullptr) {
    auto info = out.message(field::kPublicationInfo, about_bytes(*message.info));
    write_info(*message.info, info);
  }
  out.number(field::kPublicationOffset, message.offset);
  for (const auto& [name, value] : message.tags) {
    auto tag = out.message(field::kPublicationTags, kAboutOverhead + name.size() + value.size());
    tag.text(field::kMapKey, name);
    tag.text(field::kMapValue, value);
  }
  // Who subscribed before there was a stream learns its epoch here.
  if (message.offset == 1) out.text(field::kPublicationEpoch, epoch);
}

}  // namespace

ProtobufMessage::~ProtobufMessage() {
  std::array<char, kVarintBytesMax> length;
  const std::size_t size = put_varint(out_.size() - begin_, length.data());
  out_.replace(begin_ - length_size_, length_size_, length.data(), size);
}

void ProtobufMessage::text(std::uint32_t field, std::string_view value) {
  if (value.empty()) return;
  if (is_utf8(value)) return put_bytes(field, value);
  put_bytes(field, replaced(value));
}

void ProtobufMessage::varint(std::uint64_t value) {
  if (value < 0x80) {
    out_ += static_cast<char>(value);
    return;
  }
  std::array<char, kVarintBytesMax> bytes;
  out_.append(bytes.data(), put_varint(value, bytes.data()));
}

std::size_t about_bytes(const ClientInfo& info) {
  return kAboutOverhead + kClientIdBytes + info.user.size() + info.connection_info.size() +
         info.room_info.size();
}

std::size_t about_bytes(const Event& message) {
  std::size_t bytes = kAboutOverhead + message.data.size();
  if (message.info != nullptr) bytes += about_bytes(*message.info);
  for (const auto& [name, value] : message.tags)
    bytes += kAboutOverhead + name.size() + value.size();
  return bytes;
}

std::size_t about_bytes(const std::vector<EventRef>& messages) {
  std::size_t bytes = 0;
  for (const auto& message : messages)
    bytes += about_bytes(*message);
  return bytes;
}

void write_info(const ClientInfo& info, ProtobufMessage& out) {
  out.text(field::kInfoUser, info.user);
  out.bytes(field::kInfoClient, info.client.text());
  out.bytes(field::kInfoConnection, info.connection_info.view());
  out.bytes(field::kInfoRoom, info.room_info.view());
}

void write_publication(const Event& message, std::string_view epoch, ProtobufMessage& out) {
  out.bytes(field::kPublicationData, message.data.view());
  write_rest(message, epoch, out);
}

void write_publication_patch(const Event& message, std::string_view epoch, std::string_view patch,
                             ProtobufMessage& out) {
  out.bytes(field::kPublicationData, patch);
  write_rest(message, epoch, out);
  out.yes(field::kPublicationDelta);
}

}  // namespace madang::centrifuge
