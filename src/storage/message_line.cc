// SPDX-License-Identifier: Apache-2.0
#include "storage/message_line.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace madang::line {
namespace {

namespace dom = simdjson::dom;

bool parse_client(std::string_view text, ClientId& client) {
  std::uint64_t halves[2] = {0, 0};
  int nibbles = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const bool digit = c >= '0' && c <= '9';
    if (nibbles == 32 || (!digit && (c < 'a' || c > 'f'))) return false;
    std::uint64_t& half = halves[nibbles++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  client = ClientId::from_bits(halves[0], halves[1]);
  return client.text() == text;
}

ClientInfoRef info_of(Members& members) {
  if (!members.has("info")) return nullptr;
  const dom::object object = members.object("info");
  if (!members.ok()) return nullptr;
  Members fields(object);
  ClientInfo info;
  info.user = fields.bytes("user");
  if (fields.has("client") && !parse_client(fields.bytes("client"), info.client)) fields.wrong();
  info.connection_info = fields.payload("connection_info");
  info.room_info = fields.payload("room_info");
  if (!fields.ok()) members.wrong();
  return std::make_shared<const ClientInfo>(std::move(info));
}

Tags tags_of(Members& members) {
  Tags tags;
  if (!members.has("tags")) return tags;
  const dom::array array = members.array("tags");
  if (!members.ok()) return tags;
  for (const dom::element element : array) {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      members.wrong();
      break;
    }
    Members tag(object);
    std::string name = tag.bytes("name");
    tags.emplace_back(std::move(name), tag.bytes("value"));
    if (!tag.ok()) members.wrong();
  }
  return tags;
}

}  // namespace

void put_message(std::string& out, const StoredMessage& message) {
  out += "\"offset\":" + std::to_string(message.offset);
  put_number(out, "time_ms", message.time.time_since_epoch().count());
  put_bytes(out, "epoch", message.epoch);
  put_payload(out, "data", message.data);
  if (message.info != nullptr) {
    put_key(out, "info");
    out += "{\"of\":\"session\"";
    put_bytes(out, "user", message.info->user);
    if (message.info->client != ClientId()) put_bytes(out, "client", message.info->client.text());
    put_payload(out, "connection_info", message.info->connection_info);
    put_payload(out, "room_info", message.info->room_info);
    out += '}';
  }
  if (!message.tags.empty()) {
    put_key(out, "tags");
    char before = '[';
    for (const auto& [name, value] : message.tags) {
      out += std::exchange(before, ',');
      out += "{\"of\":\"tag\"";
      put_bytes(out, "name", name);
      put_bytes(out, "value", value);
      out += '}';
    }
    out += ']';
  }
  if (!message.idempotency_key.empty()) put_bytes(out, "key", message.idempotency_key);
}

StoredMessage message_of(Members& members) {
  StoredMessage message;
  message.offset = members.whole("offset");
  message.time = WallTime(WallTime::duration(members.number("time_ms")));
  message.epoch = members.bytes("epoch");
  message.data = members.payload("data");
  message.info = info_of(members);
  message.tags = tags_of(members);
  if (members.has_bytes("key")) message.idempotency_key = members.bytes("key");
  return message;
}

}  // namespace madang::line
