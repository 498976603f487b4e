// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace madang::websocket {

// The few pieces of HTTP's header grammar (RFC 9110, section 5.6) that the handshake needs.

// Without the spaces and tabs at both ends.
std::string_view trim(std::string_view text);

// Whether the text is one or more of the characters that a token may have.
bool is_token(std::string_view text);

// ASCII letters only.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// The elements of a list, trimmed, in one pass. A separator inside a quoted string separates
// nothing; an unclosed quote reaches to the end. Empty elements are handed out too.
class ListReader {
 public:
  ListReader(std::string_view list, char separator) : rest_(list), separator_(separator) {}

  // False after the last element.
  bool next(std::string_view* element);

 private:
  std::string_view rest_;
  char separator_;
  bool at_end_ = false;
};

}  // namespace madang::websocket
