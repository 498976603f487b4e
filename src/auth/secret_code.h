// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace madang {

// The HMAC of `text`, by the digest that OpenSSL knows under this name; empty if OpenSSL fails.
std::string secret_code(const char* digest, std::string_view secret, std::string_view text);

}  // namespace madang
