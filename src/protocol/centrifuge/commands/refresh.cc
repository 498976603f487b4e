// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/centrifuge/client_session.h"

namespace madang::centrifuge {

// Without a token it would look to the host like the engine's own question, asked when the time
// came, so that a client could prolong itself.

void ClientSession::execute(std::uint32_t id, RefreshCommand command) {
  if (command.token.empty()) return close(kBadRequest);
  session_->refresh_command(
      {.room = {}, .token = std::move(command.token)},
      answer<RefreshResult>(id, [this](RefreshResult result) -> ReplyBody {
        return RefreshReply{session_->client().text(), options().version, result.ttl_s};
      }));
}

void ClientSession::execute(std::uint32_t id, SubRefreshCommand command) {
  if (!check_room(id, command.room)) return;
  if (command.not_offered) return refuse(id, absl::UnimplementedError("kind of subscription"));
  if (command.token.empty()) return close(kBadRequest);
  session_->refresh_command({.room = std::move(command.room), .token = std::move(command.token)},
                            answer<RefreshResult>(id, [](RefreshResult result) -> ReplyBody {
                              return SubRefreshReply{result.ttl_s};
                            }));
}

}  // namespace madang::centrifuge
