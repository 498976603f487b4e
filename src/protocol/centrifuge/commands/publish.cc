// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/centrifuge/client_session.h"

namespace madang::centrifuge {

void ClientSession::execute(std::uint32_t id, PublishCommand command) {
  if (!check_room(id, command.publish.room)) return;
  if (command.not_offered) return refuse(id, absl::UnimplementedError("publishing by key"));
  session_->publish_command(std::move(command.publish),
                            answer<bool>(id, [](bool) -> ReplyBody { return PublishReply{}; }));
}

}  // namespace madang::centrifuge
