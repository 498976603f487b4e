// SPDX-License-Identifier: Apache-2.0
#include "stencil.h"

namespace load {
namespace {

constexpr std::size_t kHexDigits = 8;
constexpr std::size_t kIdDigits = 10;

void write_decimal_digits(std::uint32_t value, char* out) {
  for (std::size_t i = kIdDigits; i-- > 0; value /= 10)
    out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Stencil::Stencil(std::string_view text, const Wording& wording) {
  while (!text.empty()) {
    const auto take = [&](std::string_view name) {
      if (!text.starts_with(name)) return false;
      text.remove_prefix(name.size());
      return true;
    };
    if (take("{room}")) {
      text_ += wording.room_prefix;
      rooms_.push_back(text_.size());
      text_.append(kHexDigits, '0');
    } else if (take("{member}")) {
      members_.push_back(text_.size());
      text_.append(kHexDigits, '0');
    } else if (take("{id}")) {
      ids_.push_back(text_.size());
      text_.append(kIdDigits, '0');
    } else if (take("{message}")) {
      markers_.push_back(text_.size() + wording.message.marker);
      text_ += wording.message.text;
    } else {
      text_ += text.front();
      text.remove_prefix(1);
    }
  }
}

void Stencil::append(const Blanks& blanks, std::string* out) const {
  const std::size_t start = out->size();
  *out += text_;
  char* const text = out->data() + start;
  for (const std::size_t at : rooms_)
    write_hex(blanks.room, text + at);
  for (const std::size_t at : members_)
    write_hex(blanks.member, text + at);
  for (const std::size_t at : ids_)
    write_decimal_digits(blanks.id, text + at);
  for (const std::size_t at : markers_)
    write_mark({blanks.room, blanks.sequence}, text + at);
}

std::string Stencil::fill(const Blanks& blanks) const {
  std::string text;
  append(blanks, &text);
  return text;
}

}  // namespace load
