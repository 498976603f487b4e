// SPDX-License-Identifier: Apache-2.0
#include "transport/websocket/header_list.h"

#include <algorithm>

namespace madang::websocket {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool ListReader::next(std::string_view* element) {
  if (at_end_) return false;
  size_t end = 0;
  bool quoted = false;
  for (; end < rest_.size() && (quoted || rest_[end] != separator_); ++end) {
    if (rest_[end] == '"') quoted = !quoted;
    if (quoted && rest_[end] == '\\') ++end;
  }
  end = std::min(end, rest_.size());
  *element = trim(rest_.substr(0, end));
  at_end_ = end == rest_.size();
  if (!at_end_) rest_.remove_prefix(end + 1);
  return true;
}

}  // namespace madang::websocket
