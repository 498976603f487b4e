// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace madang::centrifuge {

// The parts that Protobuf messages are made of, and that stand between them.

enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroup = 3,
  kGroupEnd = 4,
  kFixed32 = 5,
};

inline constexpr std::size_t kVarintBytesMax = 10;

// How many bytes a number takes.
constexpr std::size_t varint_size(std::uint64_t value) {
  return static_cast<std::size_t>(std::bit_width(value | 1) + 6) / 7;
}

// Takes a number off the front. False if it is cut off or above 64 bits; `from` is then of no more
// use.
bool take_varint(std::string_view& from, std::uint64_t& value);

// Takes the first message off a sequence of messages behind their lengths. False if there is no
// whole one; `from` is untouched then.
bool take_message(std::string_view& from, std::string_view& message);

// A set of field numbers, each below 32.
class FieldSet {
 public:
  template <typename... Numbers>
  constexpr explicit FieldSet(Numbers... numbers) : bits_(((1u << numbers) | ... | 0u)) {}
  constexpr bool has(std::uint64_t number) const {
    return number < 32 && ((bits_ >> number) & 1) != 0;
  }

 private:
  std::uint32_t bits_;
};

// Whether a field of `known` is among `skipped`: what a parser, that has found it well-formed, did
// not take for a field it knows. That is so where it has the wrong type.
bool has_any(std::string_view skipped, FieldSet known);

}  // namespace madang::centrifuge
