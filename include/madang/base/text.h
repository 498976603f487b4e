// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace madang {

// Text that does not change and often is empty: where it is kept it takes the place of a pointer,
// and its bytes, which may be any, a block of just their size. Copying one copies them. At most 4
// GiB; longer input is a programmer's error.
//
// Safe to read from any threads at once. What view() answers lives as long as the Text.
class Text {
 public:
  Text() = default;

  // Implicit, so that whatever reads as text can be said where a Text is wanted.
  Text(std::string_view text);                                     // NOLINT
  Text(const std::string& text) : Text(std::string_view(text)) {}  // NOLINT
  Text(const char* text) : Text(std::string_view(text)) {}         // NOLINT

  Text(const Text& other) : Text(other.view()) {}
  Text(Text&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Text& operator=(Text other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Text() { delete[] block_; }

  bool empty() const { return block_ == nullptr; }
  std::size_t size() const { return view().size(); }
  std::string_view view() const;
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)

  template <std::convertible_to<std::string_view> Other>
  friend bool operator==(const Text& a, const Other& b) {
    return a.view() == std::string_view(b);
  }

 private:
  char* block_ = nullptr;  // the length, four bytes, and then the text; null: empty
};

}  // namespace madang
