// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "madang/base/payload.h"
#include "madang/engine/session.h"
#include "protocol/centrifuge/error.h"

namespace madang::centrifuge {

// What a client is told, in the protocol's terms and no wire format's. Views live until it is
// written.

struct ConnectReply {
  ConnectResult result;
  std::string_view version;
  // By what the client hands in its commands, where its connection can only write (TransportInfo).
  std::string_view session = {};
  std::string_view node = {};
};

struct SubscribeReply {
  JoinResult result;
};

struct UnsubscribeReply {};
struct PublishReply {};

struct PresenceReply {
  std::vector<ClientInfoRef> clients;
};

struct PresenceStatsReply {
  PresenceStats stats;
};

struct HistoryReply {
  HistoryResult result;
};

struct RpcReply {
  Payload data;
};

struct RefreshReply {
  std::string client;
  std::string_view version;
  std::optional<std::uint32_t> ttl_s;
};

struct SubRefreshReply {
  std::optional<std::uint32_t> ttl_s;
};

using ReplyBody = std::variant<ErrorReply, ConnectReply, SubscribeReply, UnsubscribeReply,
                               PublishReply, PresenceReply, PresenceStatsReply, HistoryReply,
                               RpcReply, RefreshReply, SubRefreshReply>;

struct CommandReply {
  std::uint32_t id = 0;
  ReplyBody body;
};

// What comes without having been asked for.

struct PingPush {};

struct MessagePush {
  Payload data;
};

struct SubscribePush {
  std::string_view room;
  std::optional<StreamPosition> position;
  Payload data;
};

struct UnsubscribePush {
  std::string_view room;
  LeaveReason reason;
};

struct RefreshPush {
  std::uint32_t ttl_s = 0;
};

struct DisconnectPush {
  CloseReason reason;
};

using Push = std::variant<PingPush, MessagePush, SubscribePush, UnsubscribePush, RefreshPush,
                          DisconnectPush>;

}  // namespace madang::centrifuge
