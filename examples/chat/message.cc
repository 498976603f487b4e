// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cwchar>
#include <cwctype>

namespace chat {
namespace {

constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kTextBytesMax = 8'000;
constexpr std::size_t kRoomCharactersMax = 32;

bool is_id(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  return !text.empty() && text.size() <= kIdBytesMax && std::all_of(text.begin(), text.end(), fits);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_name(std::string_view text) {
  return text.find_first_not_of(' ') != std::string_view::npos && text.size() <= kNameBytesMax &&
         std::none_of(text.begin(), text.end(), is_control);
}

bool is_text(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") != std::string_view::npos &&
         text.size() <= kTextBytesMax;
}

// Whether `json` is one document, which lives as long as the parser.
bool parse(simdjson::dom::parser& parser, std::string_view json, simdjson::dom::element& document) {
  return parser.parse(json.data(), json.size()).get(document) == simdjson::SUCCESS;
}

// The member `name` of an object, which is a text; else nothing.
std::optional<std::string> read_text(const simdjson::dom::element& document,
                                     std::string_view name) {
  std::string_view text;
  if (document[name].get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::optional<Entry> read_entry(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (!parse(parser, json, document)) return std::nullopt;
  const auto name = read_text(document, "name");
  if (!name || !is_name(*name)) return std::nullopt;
  if (document["pass"].error() == simdjson::NO_SUCH_FIELD) return Entry{*name, ""};
  const auto pass = read_text(document, "pass");
  if (!pass) return std::nullopt;
  return Entry{*name, *pass};
}

std::optional<Draft> read_draft(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (!parse(parser, json, document)) return std::nullopt;
  const auto id = read_text(document, "id");
  const auto text = read_text(document, "text");
  if (!id || !text || !is_id(*id) || !is_text(*text)) return std::nullopt;
  return Draft{*id, *text};
}

std::string write_info(std::string_view name) {
  return fmt::format(R"({{"name":{}}})", json_string(name));
}

std::optional<std::string> read_info(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (!parse(parser, json, document)) return std::nullopt;
  return read_text(document, "name");
}

std::string write_message(const Draft& draft, const Person& author, std::int64_t time_ms) {
  return fmt::format(R"({{"id":{},"text":{},"name":{},"user":{},"time":{}}})",
                     json_string(draft.id), json_string(draft.text), json_string(author.name),
                     json_string(author.user), time_ms);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_control(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

// Which characters are letters the C library knows, in the locale that main() has set.
bool is_room(std::string_view room) {
  if (!room.starts_with(kRoomPrefix)) return false;
  room.remove_prefix(kRoomPrefix.size());
  std::size_t characters = 0;
  std::mbstate_t state{};
  while (!room.empty()) {
    wchar_t c = 0;
    const std::size_t size = std::mbrtowc(&c, room.data(), room.size(), &state);
    if (size == 0 || size > room.size()) return false;
    if (!std::iswalnum(static_cast<std::wint_t>(c)) && c != L'-' && c != L'_') return false;
    if (++characters > kRoomCharactersMax) return false;
    room.remove_prefix(size);
  }
  return characters > 0;
}

}  // namespace chat
