// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace madang::http {

// Characters as RFC 9110 and RFC 9112 class them, independent of any locale.

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool is_alnum(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// A byte that a header value may hold: visible, space, tab, or above ASCII.
constexpr bool is_value_char(char c) { return c == '\t' || !is_control(c); }

// A byte that a target may hold before it is understood: visible ASCII.
constexpr bool is_target_char(char c) { return c > 0x20 && c < 0x7f; }

// Which bytes are of a kind.
using CharTable = std::array<bool, 256>;

template <typename IsOf>
constexpr CharTable make_char_table(IsOf is_of) {
  CharTable table{};
  for (std::size_t c = 0; c < table.size(); ++c)
    table[c] = is_of(static_cast<char>(c));
  return table;
}

inline constexpr CharTable kValueChars = make_char_table(is_value_char);
inline constexpr CharTable kTargetChars = make_char_table(is_target_char);
inline constexpr CharTable kTokenChars = [] {
  CharTable table{};
  for (std::size_t c = 0; c < 128; ++c)
    table[c] = is_alnum(static_cast<char>(c));
  for (char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// A byte of a method or a header name.
constexpr bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// Without the spaces and tabs around it.
constexpr std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the first member off a list with commas: returns it trimmed, leaves the rest in `list`.
constexpr std::string_view next_member(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view member = trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return member;
}

}  // namespace madang::http
