// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/names.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>

namespace madang::archive {
namespace {

constexpr std::size_t kBytesInFolder = 100;
constexpr std::size_t kOffsetDigits = 20;
constexpr std::string_view kEnding = ".ndjson.zst";
constexpr const char* kBeforeMonths = "0000-00";
constexpr const char* kAfterMonths = "9999-99";

using Day = std::chrono::sys_days;
using std::chrono::January;

constexpr Day kFirstDay = Day{std::chrono::year{1970} / January / 1};
constexpr Day kEndDay = Day{std::chrono::year{10000} / January / 1};

template <typename Number>
bool take(std::string_view digits, Number& number) {
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size();
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

int nibble_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string FileName::text() const {
  char offsets[64];
  std::snprintf(offsets, sizeof(offsets), "-%020llu-%020llu",
                static_cast<unsigned long long>(first), static_cast<unsigned long long>(last));
  return month + offsets + std::string(kEnding);
}

std::optional<FileName> FileName::parse(std::string_view text) {
  constexpr std::size_t kMonthSize = 7;
  FileName name;
  if (text.size() != kMonthSize + 2 * (1 + kOffsetDigits) + kEnding.size()) return std::nullopt;
  int year = 0;
  int month = 0;
  name.month = text.substr(0, kMonthSize);
  if (!take(text.substr(0, 4), year) || !take(text.substr(5, 2), month) ||
      !take(text.substr(8, kOffsetDigits), name.first) ||
      !take(text.substr(29, kOffsetDigits), name.last)) {
    return std::nullopt;
  }
  const bool named = year >= 1970 && month >= 1 && month <= 12;
  if (!named && name.month != kBeforeMonths && name.month != kAfterMonths) return std::nullopt;
  if (name.first == 0 || name.first > name.last || name.text() != text) return std::nullopt;
  return name;
}

std::string month_of(WallTime time) {
  if (time < kFirstDay) return kBeforeMonths;
  if (time >= kEndDay) return kAfterMonths;
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  char text[32];
  std::snprintf(text, sizeof(text), "%04d-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()));
  return text;
}

WallTime end_of(const std::string& month) {
  if (month == kBeforeMonths) return kFirstDay;
  if (month == kAfterMonths) return WallTime::max();
  int year = 1970;
  unsigned number = 1;
  take(std::string_view(month).substr(0, 4), year);
  take(std::string_view(month).substr(5, 2), number);
  const std::chrono::year_month begin{std::chrono::year{year}, std::chrono::month{number}};
  return Day{(begin + std::chrono::months{1}) / 1};
}

std::string folder_of(std::string_view room) {
  std::string folder;
  for (; room.size() > kBytesInFolder; room.remove_prefix(kBytesInFolder))
    folder += hex_of(room.substr(0, kBytesInFolder)) + "+/";
  return folder + hex_of(room);
}

std::optional<FolderName> FolderName::parse(std::string_view text) {
  FolderName name;
  name.goes_on = text.ends_with('+');
  if (name.goes_on) text.remove_suffix(1);
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  if (text.size() > 2 * kBytesInFolder) return std::nullopt;
  if (name.goes_on && text.size() != 2 * kBytesInFolder) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble_of(text[i]);
    const int low = nibble_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    name.bytes += static_cast<char>(high << 4 | low);
  }
  return name;
}

}  // namespace madang::archive
