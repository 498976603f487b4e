// SPDX-License-Identifier: Apache-2.0
#include "backend/reason_texts.h"

#include <algorithm>
#include <array>

namespace madang::backend {

CloseReason ReasonTexts::reason(std::uint32_t code, std::string_view text) {
  constexpr std::array kKnown = {kClosed,
                                 kShutdown,
                                 kInternalError,
                                 kExpired,
                                 kSubscriptionExpired,
                                 kSlow,
                                 kWriteError,
                                 kInsufficientState,
                                 kForceReconnect,
                                 kNoPong,
                                 kTooManyRequests,
                                 kInvalidToken,
                                 kBadRequest,
                                 kStale,
                                 kForceNoReconnect,
                                 kConnectionLimit,
                                 kChannelLimit,
                                 kInappropriateProtocol,
                                 kPermissionDenied,
                                 kNotAvailable,
                                 kTooManyErrors};
  const auto* const known = std::ranges::find(kKnown, code, &CloseReason::code);
  if (known != kKnown.end()) return *known;
  if (text.empty() || text.size() > kTextBytesMax) return {code, kOther};

  const std::lock_guard lock(mutex_);
  auto found = texts_.find(text);
  if (found == texts_.end()) {
    if (texts_.size() >= kTextsMax) return {code, kOther};
    found = texts_.emplace(text).first;
  }
  return {code, *found};
}

}  // namespace madang::backend
