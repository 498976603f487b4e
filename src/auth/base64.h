// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace madang {

// Both are strict, so that bytes have one text only: nothing outside the alphabet, not even white
// space, and the bits that a last character has to spare are zero. False: it is not so, and what
// `bytes` holds is not said.

// RFC 7515: the alphabet for addresses, and no padding.
bool decode_base64url(std::string_view text, std::string& bytes);

std::string encode_base64url(std::string_view bytes);

// RFC 4648, section 4: with padding.
bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace madang
