// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/message_line.h"

#include <simdjson.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "madang/base/json.h"

namespace madang::archive {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kBase64 = "_base64";

absl::Status damaged(const char* what) { return absl::DataLossError(what); }

void put_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// After the first member of an object: `,"key":`.
void put_key(std::string& out, std::string_view key, std::string_view ending = "") {
  out += ",\"";
  out += key;
  out += ending;
  out += "\":";
}

void put_bytes(std::string& out, std::string_view key, std::string_view bytes) {
  const bool text = simdjson::validate_utf8(bytes.data(), bytes.size());
  put_key(out, key, text ? "" : kBase64);
  put_string(out, text ? std::string(bytes) : absl::Base64Escape({bytes.data(), bytes.size()}));
}

void put_payload(std::string& out, std::string_view key, const Payload& payload) {
  put_bytes(out, key, payload.view());
  if (!payload.is_json()) return;
  put_key(out, key, "_is_json");
  out += "true";
}

template <typename Number>
void put_number(std::string& out, std::string_view key, Number number) {
  put_key(out, key);
  out += std::to_string(number);
}

// The members of an object. Once one is not what it should be, nothing is right any more.
class Members {
 public:
  explicit Members(dom::object object) : object_(object) {}

  bool ok() const { return ok_; }
  bool has(std::string_view key) const { return object_.at_key(key).error() == simdjson::SUCCESS; }
  bool has_bytes(std::string_view key) const {
    return has(key) || has(std::string(key) + std::string(kBase64));
  }

  std::int64_t number(std::string_view key) {
    std::int64_t value = 0;
    if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
    return value;
  }
  std::uint64_t offset(std::string_view key) {
    const std::int64_t value = number(key);
    if (value <= 0) ok_ = false;
    return static_cast<std::uint64_t>(value);
  }

  std::string bytes(std::string_view key) {
    std::string_view text;
    if (object_.at_key(key).get(text) == simdjson::SUCCESS) return std::string(text);
    std::string decoded;
    if (object_.at_key(std::string(key) + std::string(kBase64)).get(text) != simdjson::SUCCESS ||
        !absl::Base64Unescape({text.data(), text.size()}, &decoded)) {
      ok_ = false;
    }
    return decoded;
  }

  // What says it is JSON is looked at again, because others will not.
  Payload payload(std::string_view key) {
    const std::string text = bytes(key);
    if (!has(std::string(key) + "_is_json")) return Payload(text);
    auto json = checked_json(text);
    if (!json.ok() || json->view() != text) ok_ = false;
    return json.ok() ? *std::move(json) : Payload();
  }

  dom::object object(std::string_view key) {
    dom::object value;
    if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
    return value;
  }
  dom::array array(std::string_view key) {
    dom::array value;
    if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
    return value;
  }
  void wrong() { ok_ = false; }

 private:
  dom::object object_;
  bool ok_ = true;
};

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

void append_line(std::string& out, const Header& header) {
  out += "{\"madang_archive\":" + std::to_string(kFormat);
  put_bytes(out, "room", header.room);
  put_bytes(out, "month", header.month);
  put_number(out, "first", header.first);
  put_number(out, "last", header.last);
  put_number(out, "messages", header.messages);
  out += "}\n";
}

void append_line(std::string& out, const StoredMessage& message) {
  out += "{\"offset\":" + std::to_string(message.offset);
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
  out += "}\n";
}

absl::StatusOr<std::vector<StoredMessage>> parse_text(std::string_view text, Header& header) {
  dom::parser parser;
  dom::object object;
  std::vector<StoredMessage> messages;
  for (bool first_line = true; !text.empty(); first_line = false) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return damaged("its last line is cut");
    if (parser.parse(text.data(), end).get(object) != simdjson::SUCCESS) {
      return damaged("a line of it is no JSON");
    }
    text.remove_prefix(end + 1);
    Members members(object);
    if (first_line) {
      if (!members.has("madang_archive")) return damaged("it is no file of an archive");
      if (members.number("madang_archive") != kFormat) {
        return damaged("its format is newer than this library");
      }
      header.room = members.bytes("room");
      header.month = members.bytes("month");
      header.first = members.offset("first");
      header.last = members.offset("last");
      header.messages = static_cast<std::size_t>(members.offset("messages"));
    } else {
      auto& message = messages.emplace_back();
      message.room = header.room;
      message.offset = members.offset("offset");
      message.time = WallTime(WallTime::duration(members.number("time_ms")));
      message.epoch = members.bytes("epoch");
      message.data = members.payload("data");
      message.info = info_of(members);
      message.tags = tags_of(members);
      if (members.has_bytes("key")) message.idempotency_key = members.bytes("key");
    }
    if (!members.ok()) return damaged("a line of it is not what was written");
  }
  return messages;
}

}  // namespace madang::archive
