// SPDX-License-Identifier: Apache-2.0
#include "storage/json_line.h"

#include "absl/strings/escaping.h"
#include "madang/base/json.h"

namespace madang::line {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBase64 = "_base64";

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

void put_key(std::string& out, std::string_view key, std::string_view ending) {
  out += ",\"";
  out += key;
  out += ending;
  out += "\":";
}

}  // namespace

void put_key(std::string& out, std::string_view key) { put_key(out, key, ""); }

void put_bytes(std::string& out, std::string_view key, std::string_view bytes) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
    put_key(out, key);
    put_string(out, bytes);
  } else {
    put_key(out, key, kBase64);
    put_string(out, absl::Base64Escape({bytes.data(), bytes.size()}));
  }
}

void put_payload(std::string& out, std::string_view key, const Payload& payload) {
  put_bytes(out, key, payload.view());
  if (!payload.is_json()) return;
  put_key(out, key, "_is_json");
  out += "true";
}

bool Members::has_bytes(std::string_view key) const {
  return has(key) || has(std::string(key) + std::string(kBase64));
}

std::int64_t Members::number(std::string_view key) {
  std::int64_t value = 0;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
  return value;
}

std::uint64_t Members::whole(std::string_view key) {
  std::uint64_t value = 0;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
  return value;
}

std::uint64_t Members::offset(std::string_view key) {
  const std::uint64_t value = whole(key);
  if (value == 0) ok_ = false;
  return value;
}

std::string Members::bytes(std::string_view key) {
  std::string_view text;
  if (object_.at_key(key).get(text) == simdjson::SUCCESS) return std::string(text);
  std::string decoded;
  if (object_.at_key(std::string(key) + std::string(kBase64)).get(text) != simdjson::SUCCESS ||
      !absl::Base64Unescape({text.data(), text.size()}, &decoded)) {
    ok_ = false;
  }
  return decoded;
}

Payload Members::payload(std::string_view key) {
  const std::string text = bytes(key);
  if (!has(std::string(key) + "_is_json")) return Payload(text);
  // What says it is JSON is looked at again, because others will not.
  auto json = checked_json(text);
  if (!json.ok() || json->view() != text) ok_ = false;
  return json.ok() ? *std::move(json) : Payload();
}

dom::object Members::object(std::string_view key) {
  dom::object value;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
  return value;
}

dom::array Members::array(std::string_view key) {
  dom::array value;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS) ok_ = false;
  return value;
}

}  // namespace madang::line
