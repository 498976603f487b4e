// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/centrifuge/client_session.h"

namespace madang::centrifuge {

void ClientSession::execute(std::uint32_t id, RpcCommand command) {
  session_->rpc_command(std::move(command.rpc), answer<Payload>(id, [](Payload data) -> ReplyBody {
                          return RpcReply{std::move(data)};
                        }));
}

void ClientSession::execute(std::uint32_t, SendCommand command) {
  session_->message_command(std::move(command.data));
}

}  // namespace madang::centrifuge
