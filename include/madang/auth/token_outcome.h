// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace madang {

// What became of a token. Protocols turn it into a number of their own, here those of Centrifuge:
enum class TokenOutcome : std::uint8_t {
  kGood,
  // Good but for its time: the client fetches a new one and comes again (109).
  kExpired,
  // Not one of ours, broken, not valid yet, or not for this use. For a connection the client is
  // closed (3500), for a subscription it is refused (103).
  kInvalid,
  // Good, but for another user, session or room: the client mixes tokens up and is closed (3500).
  kMismatch,
};

// The outcome for one token. `why` is for logs: a fixed text that quotes nothing of the token and
// lives as long as the program; empty when good.
struct TokenVerdict {
  TokenOutcome outcome = TokenOutcome::kGood;
  std::string_view why = {};

  bool good() const { return outcome == TokenOutcome::kGood; }
};

// A verdict, and what the token claims if it is good; else `claims` is null.
template <typename Claims>
struct TokenResult : TokenVerdict {
  std::shared_ptr<const Claims> claims = nullptr;
};

}  // namespace madang
