// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_check.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "madang/base/json.h"
#include "protocol/centrifuge/json_text.h"
#include "protocol/centrifuge/utf8.h"

namespace madang::centrifuge {
namespace {

// Whether eight bytes are all plain: none has its highest bit set, neither as it is nor with the
// least that it may be, or what it must not be, taken off it. Where there is doubt, it says no.
bool are_plain(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  const std::uint64_t quotes = word ^ '"' * kOnes;
  const std::uint64_t backslashes = word ^ '\\' * kOnes;
  const std::uint64_t marks =
      word | (word - 0x20 * kOnes) | (quotes - kOnes) | (backslashes - kOnes);
  return (marks & kHigh) == 0;
}

// So many digits surely fit a double, and an exponent of so many.
constexpr std::size_t kEasyDigits = 15;
constexpr std::size_t kEasyExponentDigits = 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Checker {
 public:
  Checker(std::string_view text, std::size_t depth_max)
      : at_(text.data()), end_(text.data() + text.size()), depth_max_(depth_max) {}

  bool check() {
    if (!value()) return false;
    // Each turn stands behind a value: it reads what divides it from the next one, and that, or the
    // end of the array or object that it is in.
    while (depth_ > 0) {
      skip_space();
      if (take(',')) {
        if (!(in_object() ? name() && value() : value())) return false;
      } else if (take(in_object() ? '}' : ']')) {
        close();
      } else {
        return false;
      }
    }
    skip_space();
    return at_ == end_;
  }

 private:
  bool in_object() const { return (objects_ & 1) != 0; }

  // Reads a value, of a full array or object as far as the first value in it that is neither.
  bool value() {
    for (;;) {
      skip_space();
      if (at_ == end_) return false;
      switch (*at_) {
        case '"':
          return string();
        case '{':
          if (!open(1)) return false;
          if (take_end('}')) return true;
          if (!name()) return false;
          break;
        case '[':
          if (!open(0)) return false;
          if (take_end(']')) return true;
          break;
        case 't':
          return word("true");
        case 'f':
          return word("false");
        case 'n':
          return word("null");
        default:
          return number();
      }
    }
  }

  // Of a member, with its colon.
  bool name() {
    skip_space();
    if (at_ == end_ || *at_ != '"' || !string()) return false;
    skip_space();
    return take(':');
  }

  bool open(std::uint64_t object) {
    if (depth_ == depth_max_) return false;
    ++at_;
    ++depth_;
    objects_ = objects_ << 1 | object;
    return true;
  }

  void close() {
    --depth_;
    objects_ >>= 1;
  }

  bool take_end(char bracket) {
    skip_space();
    if (!take(bracket)) return false;
    close();
    return true;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r'))
      ++at_;
  }

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  bool word(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool string() {
    for (++at_;;) {
      while (end_ - at_ >= 8 && are_plain(at_))
        at_ += 8;
      while (at_ != end_ && kPlainInJson[static_cast<unsigned char>(*at_)])
        ++at_;
      if (at_ == end_) return false;
      if (take('"')) return true;
      if (take('\\')) {
        if (!escape()) return false;
      } else {
        const std::size_t size = utf8_character_size(rest());
        if (size < 2) return false;  // no UTF-8, or a control character
        at_ += size;
      }
    }
  }

  bool escape() {
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    unsigned unit = 0;
    if (!hex4(unit)) return false;
    if (unit < 0xd800 || unit > 0xdfff) return true;
    // A pair of surrogates, the high one first.
    unsigned low = 0;
    return unit < 0xdc00 && take('\\') && take('u') && hex4(low) && low >= 0xdc00 && low <= 0xdfff;
  }

  bool hex4(unsigned& unit) {
    if (end_ - at_ < 4) return false;
    const auto read = std::from_chars(at_, at_ + 4, unit, 16);
    if (read.ec != std::errc() || read.ptr != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  std::size_t digits() {
    const char* const from = at_;
    while (at_ != end_ && is_digit(*at_))
      ++at_;
    return static_cast<std::size_t>(at_ - from);
  }

  bool number() {
    const char* const from = at_;
    take('-');
    const bool zero = at_ != end_ && *at_ == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    std::size_t fraction = 0;
    if (take('.') && (fraction = digits()) == 0) return false;
    std::size_t exponent = 0;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if ((exponent = digits()) == 0) return false;
    }
    if (whole + fraction <= kEasyDigits && exponent <= kEasyExponentDigits) return true;
    return checked_json({from, static_cast<std::size_t>(at_ - from)}).ok();
  }

  const char* at_;
  const char* const end_;
  const std::size_t depth_max_;
  std::size_t depth_ = 0;
  std::uint64_t objects_ = 0;  // a bit for each array or object around us, 1: an object
};

}  // namespace

bool is_json(std::string_view text, std::size_t depth_max) {
  return Checker(text, depth_max).check();
}

}  // namespace madang::centrifuge
