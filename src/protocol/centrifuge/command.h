// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "madang/base/payload.h"
#include "madang/engine/session.h"
#include "madang/room/room.h"

namespace madang::centrifuge {

// What a client may say, in the protocol's terms and no wire format's. `not_offered` marks a
// command that asks for something madang does not have.

struct PongCommand {};

struct SubscribeCommand {
  JoinCommand join;
  std::string delta;  // the format it wants deltas in; empty: none
  bool not_offered = false;
};

struct UnsubscribeCommand {
  std::string room;
};

struct PublishCommand {
  PublishRequest publish;
  bool not_offered = false;
};

struct PresenceCommand {
  std::string room;
};

struct PresenceStatsCommand {
  std::string room;
};

struct HistoryCommand {
  std::string room;
  HistoryQuery query;
};

struct PingCommand {};

struct SendCommand {
  Payload data;
};

struct RpcCommand {
  RpcRequest rpc;
};

struct RefreshCommand {
  std::string token;
};

struct SubRefreshCommand {
  std::string room;
  std::string token;
  bool not_offered = false;
};

using CommandBody =
    std::variant<PongCommand, ConnectCommand, SubscribeCommand, UnsubscribeCommand, PublishCommand,
                 PresenceCommand, PresenceStatsCommand, HistoryCommand, PingCommand, SendCommand,
                 RpcCommand, RefreshCommand, SubRefreshCommand>;

struct Command {
  std::uint32_t id = 0;  // 0: none
  CommandBody body;
};

}  // namespace madang::centrifuge
