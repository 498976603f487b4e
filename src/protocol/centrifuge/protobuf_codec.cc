// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_codec.h"

#include "protocol/centrifuge/protobuf_command.h"
#include "protocol/centrifuge/protobuf_wire.h"

namespace madang::centrifuge {
namespace {

// A length of more than 64 bits, which nothing that follows can make right.
constexpr std::string_view kCutOff = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";

}  // namespace

bool ProtobufCodec::read(std::string_view& commands, Command& command) const {
  std::string_view text;
  return take_message(commands, text) && read_protobuf_command(text, command);
}

void ProtobufCodec::append(std::string_view message, std::string& backlog) const {
  std::string_view rest = message;
  std::string_view command;
  while (take_message(rest, command)) {
  }
  backlog += message.substr(0, message.size() - rest.size());
  if (!rest.empty()) backlog += kCutOff;
}

}  // namespace madang::centrifuge
