// SPDX-License-Identifier: Apache-2.0
#include "storage/script.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace madang {
namespace {

constexpr char32_t kInvalid = 0xFFFD;  // itself a character that separates

struct ScriptRange {
  char32_t first;
  char32_t last;
  Script script;
};

// In order. What is above ASCII and not here is a letter: whoever writes in a script that this
// table forgets still finds whole words.
constexpr ScriptRange kScripts[] = {
    {0x80, 0xA9, Script::kNone},         {0xAB, 0xAC, Script::kNone},
    {0xAD, 0xAD, Script::kIgnored},      {0xAE, 0xB4, Script::kNone},
    {0xB6, 0xB9, Script::kNone},         {0xBB, 0xBF, Script::kNone},
    {0xD7, 0xD7, Script::kNone},         {0xF7, 0xF7, Script::kNone},
    {0x37E, 0x37E, Script::kNone},       {0x387, 0x387, Script::kNone},
    {0x55A, 0x55F, Script::kNone},       {0x589, 0x58F, Script::kNone},
    {0x5BE, 0x5BE, Script::kNone},       {0x5C0, 0x5C0, Script::kNone},
    {0x5C3, 0x5C3, Script::kNone},       {0x5F3, 0x5F4, Script::kNone},
    {0x600, 0x60F, Script::kNone},       {0x61B, 0x61F, Script::kNone},
    {0x66A, 0x66D, Script::kNone},       {0x6D4, 0x6D4, Script::kNone},
    {0x700, 0x70F, Script::kNone},       {0x964, 0x965, Script::kNone},
    {0xE3F, 0xE3F, Script::kNone},       {0xE4F, 0xE4F, Script::kNone},
    {0xE5A, 0xE5B, Script::kNone},       {0x104A, 0x104F, Script::kNone},
    {0x10FB, 0x10FB, Script::kNone},     {0x1100, 0x11FF, Script::kPaired},
    {0x1360, 0x1368, Script::kNone},     {0x166D, 0x166E, Script::kNone},
    {0x1680, 0x1680, Script::kNone},     {0x17D4, 0x17DB, Script::kNone},
    {0x1800, 0x180A, Script::kNone},     {0x2000, 0x200B, Script::kNone},
    {0x200C, 0x200D, Script::kIgnored},  {0x200E, 0x2070, Script::kNone},
    {0x2072, 0x207E, Script::kNone},     {0x2080, 0x208E, Script::kNone},
    {0x20A0, 0x20CF, Script::kNone},     {0x2100, 0x2BFF, Script::kNone},
    {0x2CF9, 0x2CFF, Script::kNone},     {0x2E00, 0x2E7F, Script::kNone},
    {0x2E80, 0x2FDF, Script::kPaired},   {0x2FE0, 0x3004, Script::kNone},
    {0x3005, 0x3007, Script::kPaired},   {0x3008, 0x3020, Script::kNone},
    {0x3021, 0x3029, Script::kPaired},   {0x302A, 0x3030, Script::kNone},
    {0x3031, 0x3035, Script::kPaired},   {0x3036, 0x3040, Script::kNone},
    {0x3041, 0x309F, Script::kPaired},   {0x30A0, 0x30A0, Script::kNone},
    {0x30A1, 0x30FA, Script::kPaired},   {0x30FB, 0x30FB, Script::kNone},
    {0x30FC, 0x30FF, Script::kPaired},   {0x3130, 0x318F, Script::kPaired},
    {0x31C0, 0x31EF, Script::kNone},     {0x31F0, 0x31FF, Script::kPaired},
    {0x3200, 0x33FF, Script::kNone},     {0x3400, 0x4DBF, Script::kPaired},
    {0x4DC0, 0x4DFF, Script::kNone},     {0x4E00, 0x9FFF, Script::kPaired},
    {0xA960, 0xA97F, Script::kPaired},   {0xAC00, 0xD7FF, Script::kPaired},
    {0xD800, 0xF8FF, Script::kNone},     {0xF900, 0xFAFF, Script::kPaired},
    {0xFD3E, 0xFD3F, Script::kNone},     {0xFE00, 0xFE0F, Script::kIgnored},
    {0xFE10, 0xFE6F, Script::kNone},     {0xFEFF, 0xFEFF, Script::kIgnored},
    {0xFF00, 0xFF65, Script::kNone},     {0xFF66, 0xFFDF, Script::kPaired},
    {0xFFE0, 0xFFFF, Script::kNone},     {0x16FE0, 0x16FFF, Script::kPaired},
    {0x1AFF0, 0x1B16F, Script::kPaired}, {0x1D000, 0x1D3FF, Script::kNone},
    {0x1F000, 0x1FBFF, Script::kNone},   {0x20000, 0x3FFFF, Script::kPaired},
    {0x40000, 0xE00FF, Script::kNone},   {0xE0100, 0xE01EF, Script::kIgnored},
    {0xE01F0, 0x10FFFF, Script::kNone},
};

// The capitals of a range: `step` 0: each is followed by its small letter, and is even (kEven) or
// odd (kOdd); else the small one is `step` above.
struct CapitalRange {
  char32_t first;
  char32_t last;
  char32_t step;
};
constexpr char32_t kEven = 0;
constexpr char32_t kOdd = 1;

constexpr CapitalRange kCapitals[] = {
    {0xC0, 0xD6, 32},     {0xD8, 0xDE, 32},      {0x100, 0x12F, kEven}, {0x132, 0x137, kEven},
    {0x139, 0x148, kOdd}, {0x14A, 0x177, kEven}, {0x179, 0x17E, kOdd},  {0x386, 0x386, 38},
    {0x388, 0x38A, 37},   {0x38C, 0x38C, 64},    {0x38E, 0x38F, 63},    {0x391, 0x3AB, 32},
    {0x400, 0x40F, 80},   {0x410, 0x42F, 32},    {0x460, 0x481, kEven}, {0x48A, 0x4BF, kEven},
    {0x4C1, 0x4CE, kOdd}, {0x4D0, 0x52F, kEven},
};

template <typename Range, std::size_t count>
const Range* range_of(const Range (&ranges)[count], char32_t c) {
  const auto* found =
      std::lower_bound(std::begin(ranges), std::end(ranges), c,
                       [](const Range& range, char32_t wanted) { return range.last < wanted; });
  return found != std::end(ranges) && found->first <= c ? found : nullptr;
}

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

// One code point by itself.
char32_t take_code_point(std::string_view& text) {
  const auto lead = byte_at(text, 0);
  std::size_t size = 1;
  char32_t c = lead;
  char32_t least = 0;
  if (lead >= 0xF0 && lead < 0xF8) {
    size = 4;
    c = lead & 0x07;
    least = 0x10000;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
    c = lead & 0x0F;
    least = 0x800;
  } else if (lead >= 0xC0 && lead < 0xE0) {
    size = 2;
    c = lead & 0x1F;
    least = 0x80;
  } else if (lead >= 0x80) {
    size = 0;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (byte_at(text, i) & 0xC0) != 0x80) {
      size = 0;
      break;
    }
    c = (c << 6) | (byte_at(text, i) & 0x3F);
  }
  if (size == 0 || c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    text.remove_prefix(1);
    return kInvalid;
  }
  text.remove_prefix(size);
  return c;
}

// The arithmetic of the Unicode standard, section 3.12.
constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;

}  // namespace

Script script_of(char32_t c) {
  if (c < 0x80) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter ? Script::kLetter : Script::kNone;
  }
  const auto* range = range_of(kScripts, c);
  return range != nullptr ? range->script : Script::kLetter;
}

char32_t folded(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (c == 0x3C2) return 0x3C3;  // a sigma that ends a word
  const auto* range = range_of(kCapitals, c);
  if (range == nullptr || c == 0x3A2) return c;
  if (range->step > kOdd) return c + range->step;
  return (c & 1) == range->step ? c + 1 : c;
}

char32_t take_character(std::string_view& text) {
  const char32_t c = take_code_point(text);
  if (c < kLeads || c >= kLeads + kLeadCount || text.empty()) return c;
  auto rest = text;
  const char32_t vowel = take_code_point(rest);
  if (vowel < kVowels || vowel >= kVowels + kVowelCount) return c;
  text = rest;
  const char32_t open = kSyllables + ((c - kLeads) * kVowelCount + (vowel - kVowels)) * kTailCount;
  if (rest.empty()) return open;
  const char32_t tail = take_code_point(rest);
  if (tail <= kTails || tail >= kTails + kTailCount) return open;
  text = rest;
  return open + (tail - kTails);
}

void append_utf8(std::string& to, char32_t c) {
  const auto push = [&](char32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    push(c);
  } else if (c < 0x800) {
    push(0xC0 | (c >> 6));
    push(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    push(0xE0 | (c >> 12));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  } else {
    push(0xF0 | (c >> 18));
    push(0x80 | ((c >> 12) & 0x3F));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  }
}

}  // namespace madang
