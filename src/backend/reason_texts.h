// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "madang/engine/close_reason.h"

namespace madang::backend {

// The texts of reasons that backends gave, which must outlive the sessions they are told to: each
// different one is kept, up to a bound. Any thread.
class ReasonTexts {
 public:
  static constexpr std::size_t kTextsMax = 1'000;
  static constexpr std::size_t kTextBytesMax = 123;  // what fits into a frame of WebSocket
  static constexpr std::string_view kOther = "disconnected by backend";

  // A text that is too long, or one too many, is kOther. The numbers of the protocol have texts of
  // their own.
  CloseReason reason(std::uint32_t code, std::string_view text);

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> texts_;  // whose elements do not move
};

}  // namespace madang::backend
