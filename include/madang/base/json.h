// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "madang/base/payload.h"

namespace madang {

// How deep arrays and objects of a payload may nest.
inline constexpr std::size_t kJsonDepthMax = 32;

// Checks that `text` is one whole JSON value (RFC 8259) in valid UTF-8 and returns it with the line
// breaks between its tokens removed, because the JSON protocols of the field separate messages by a
// line break. Numbers that fit neither a 64-bit integer nor a double are refused (RFC 7493).
//
// InvalidArgument when it is not; its message does not quote the text. Any thread.
absl::StatusOr<Payload> checked_json(std::string_view text);

// The same of a text that is known to be such a value.
Payload compact_json(std::string_view text);

// As checked_json() for a payload, without another look at one that was checked before.
absl::StatusOr<Payload> checked_json_of(const Payload& payload);

}  // namespace madang
