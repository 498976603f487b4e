// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_codec.h"

#include <algorithm>

#include "protocol/centrifuge/json_command.h"

namespace madang::centrifuge {

bool JsonCodec::read(std::string_view& commands, Command& command) const {
  const auto line = commands.substr(0, commands.find('\n'));
  commands.remove_prefix(std::min(line.size() + 1, commands.size()));
  return !line.empty() && read_json_command(line, command);
}

void JsonCodec::append(std::string_view message, std::string& backlog) const {
  if (!backlog.empty() && backlog.back() != '\n') backlog += '\n';
  backlog += message;
}

}  // namespace madang::centrifuge
