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
      ConnectReply connected{*std::move(result), options().version};
      // Others are not asked: most transports put their facts together for whoever asks, and keep
      // them.
      if (options().pushes_disconnect) {
        connected.session = session_->transport().session;
        connected.node = session_->transport().node;
      }
      reply(id, std::move(connected));
    } else {
      state_ = State::kRefused;
      refuse(id, result.status());
    }
    resume();
  };
  session_->connect_command(std::move(command), std::move(done));
}

}  // namespace madang::centrifuge
