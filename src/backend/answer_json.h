// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "madang/base/status.h"
#include "madang/engine/handlers.h"

namespace madang::backend {

// What a backend says instead of a result.
struct Disconnect {
  std::uint32_t code = 0;
  std::string reason = {};
};

struct RefreshResult {
  bool expired = false;
  RefreshAnswer answer = {};
};

// One answer: exactly one of these.
template <typename Result>
struct Answer {
  std::optional<Result> result = {};
  std::optional<ClientError> error = {};
  std::optional<Disconnect> disconnect = {};
};

// Reads the body of an answer. False if it is not as a backend's answer should be, in its shape,
// its types or its numbers; nothing is to be made of `to` then. Any thread.
bool read_answer(std::string_view body, Answer<ConnectAnswer>& to);
bool read_answer(std::string_view body, Answer<RefreshResult>& to);
bool read_answer(std::string_view body, Answer<JoinAnswer>& to);
bool read_answer(std::string_view body, Answer<PublishAnswer>& to);
bool read_answer(std::string_view body, Answer<RpcAnswer>& to);

}  // namespace madang::backend
