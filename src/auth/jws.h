// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "madang/auth/key_set.h"

namespace madang {

// A signed text in its compact form (RFC 7515) taken apart, before anything of it is believed.
struct Jws {
  TokenAlgorithm algorithm = TokenAlgorithm::kHs256;
  std::optional<std::string> key_id = {};
  std::string_view signed_text = {};   // of the token
  std::string_view payload_text = {};  // of the token, still in base64url
  std::string signature = {};
};

// Empty when it is good, else why not.
std::string_view read_jws(std::string_view token, Jws& jws);

}  // namespace madang
