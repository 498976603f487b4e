// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/centrifuge/client_session.h"

namespace madang::centrifuge {

void ClientSession::execute(std::uint32_t id, ConnectCommand command) {
  state_ = State::kConnecting;
  auto since = command.since;
  auto done = [this, id, since = std::move(since)](absl::StatusOr<ConnectResult> result) {
    if (result.ok()) {
      state_ = State::kConnected;
      for (auto& [room, joined] : result->rooms) {
        const auto asked = since.find(room);
        if (asked != since.end()) answer_from(asked->second, joined);
      }
      const TransportInfo& transport = session_->transport();
      reply(id, ConnectReply{*std::move(result), options().version, transport.session,
                             transport.node});
    } else {
      state_ = State::kRefused;
      refuse(id, result.status());
    }
    resume();
  };
  session_->connect_command(std::move(command), std::move(done));
}

}  // namespace madang::centrifuge
