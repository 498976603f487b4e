// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/centrifuge/client_session.h"

namespace madang::centrifuge {

void ClientSession::execute(std::uint32_t id, PresenceCommand command) {
  if (!check_room(id, command.room)) return;
  using Clients = std::vector<ClientInfoRef>;
  session_->presence_command(std::move(command.room),
                             answer<Clients>(id, [](Clients clients) -> ReplyBody {
                               return PresenceReply{std::move(clients)};
                             }));
}

void ClientSession::execute(std::uint32_t id, PresenceStatsCommand command) {
  if (!check_room(id, command.room)) return;
  session_->presence_stats_command(std::move(command.room),
                                   answer<PresenceStats>(id, [](PresenceStats stats) -> ReplyBody {
                                     return PresenceStatsReply{stats};
                                   }));
}

void ClientSession::execute(std::uint32_t id, HistoryCommand command) {
  if (!check_room(id, command.room)) return;
  session_->history_command(std::move(command.room), std::move(command.query),
                            answer<HistoryResult>(id, [](HistoryResult result) -> ReplyBody {
                              return HistoryReply{std::move(result)};
                            }));
}

}  // namespace madang::centrifuge
