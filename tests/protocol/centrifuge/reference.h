// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The protocol's messages once more, written from its text alone (reference.proto), as Protobuf's
// own library reads and writes them. It shares no line with what it judges.
namespace madang::centrifuge::reference {

// Commands in JSON, a line each, as one binary message.
std::string commands(std::string_view json_lines);

// One command in JSON without a length before it.
std::string command(std::string_view json);

// What a client is told, a text for each reply, by which two can be compared: from a binary message
// and from JSON, a line each. Payloads that are JSON count as the same whatever their line breaks.
std::vector<std::string> replies(std::string_view binary);
std::vector<std::string> replies_in_json(std::string_view json_lines);

// What is published in pushes and in replies to a subscribe.
struct Publication {
  std::string data;
  bool delta = false;
};
std::vector<Publication> publications(std::string_view binary);

}  // namespace madang::centrifuge::reference
