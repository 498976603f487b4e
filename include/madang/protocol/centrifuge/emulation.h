// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace madang::centrifuge {

// The body of a request by which a client whose own stream can only be read (HTTP-streaming,
// Server-Sent Events) hands in commands beside it.
struct EmulationRequest {
  std::string session;  // as the connect reply has it
  std::string node;     // the same
  std::string data;     // a message for that session
};

// Reads one in JSON, {"session":"...","node":"...","data":"..."}, where `data` is text that holds
// JSON commands. Members of other names are ignored. Nothing if it is not such an object, in UTF-8,
// if a member comes twice or if `data` is missing or empty. Any thread.
std::optional<EmulationRequest> read_json_emulation(std::string_view body);

// The same in Protobuf: node = 1, session = 2, data = 3. Fields of other numbers are ignored, and
// of one that comes twice the last counts, as is Protobuf's rule. Nothing if it is cut off, or a
// field has another type.
std::optional<EmulationRequest> read_protobuf_emulation(std::string_view body);

}  // namespace madang::centrifuge
