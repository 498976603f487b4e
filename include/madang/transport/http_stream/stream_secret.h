// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "madang/base/random.h"

namespace madang {

// By what the client of a stream proves, on another connection, that the stream is its own: 128
// random bits. Who has it speaks for the session, so it goes to that client alone and into no log.
class StreamSecret {
 public:
  // Of a generator that nobody can foretell.
  static StreamSecret draw(RandomSource& random) {
    StreamSecret secret;
    secret.high_ = random.next();
    secret.low_ = random.next();
    return secret;
  }

  // Reads what text() wrote. Nothing for anything else.
  static std::optional<StreamSecret> parse(std::string_view text);

  // 32 hexadecimal digits, in lower case.
  std::string text() const;

  // Some of its bits, for dividing streams evenly.
  std::size_t bits() const { return static_cast<std::size_t>(low_); }

  friend bool operator==(const StreamSecret&, const StreamSecret&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const StreamSecret& secret) {
    return H::combine(std::move(state), secret.high_, secret.low_);
  }

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace madang
