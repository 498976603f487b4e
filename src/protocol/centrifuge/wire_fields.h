// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The field numbers of what is written, as the protocol has them.
namespace madang::centrifuge::field {

using Number = std::uint32_t;

inline constexpr Number kMapKey = 1, kMapValue = 2;

inline constexpr Number kReplyId = 1, kReplyError = 2, kReplyPush = 4, kReplyConnect = 5,
                        kReplySubscribe = 6, kReplyUnsubscribe = 7, kReplyPublish = 8,
                        kReplyPresence = 9, kReplyPresenceStats = 10, kReplyHistory = 11,
                        kReplyRpc = 13, kReplyRefresh = 14, kReplySubRefresh = 15;

inline constexpr Number kErrorCode = 1, kErrorMessage = 2, kErrorTemporary = 3;

inline constexpr Number kConnectClient = 1, kConnectVersion = 2, kConnectExpires = 3,
                        kConnectTtl = 4, kConnectData = 5, kConnectSubs = 6, kConnectPing = 7,
                        kConnectPong = 8, kConnectSession = 9, kConnectNode = 10;

inline constexpr Number kSubscribeExpires = 1, kSubscribeTtl = 2, kSubscribeRecoverable = 3,
                        kSubscribeEpoch = 6, kSubscribePublications = 7, kSubscribeRecovered = 8,
                        kSubscribeOffset = 9, kSubscribePositioned = 10, kSubscribeData = 11,
                        kSubscribeWasRecovering = 12, kSubscribeDelta = 13;

inline constexpr Number kPresenceClients = 1;
inline constexpr Number kStatsClients = 1, kStatsUsers = 2;
inline constexpr Number kHistoryPublications = 1, kHistoryEpoch = 2, kHistoryOffset = 3;
inline constexpr Number kRpcData = 1;
inline constexpr Number kRefreshClient = 1, kRefreshVersion = 2, kRefreshExpires = 3,
                        kRefreshTtl = 4;
inline constexpr Number kSubRefreshExpires = 1, kSubRefreshTtl = 2;

inline constexpr Number kPublicationData = 4, kPublicationInfo = 5, kPublicationOffset = 6,
                        kPublicationTags = 7, kPublicationDelta = 8, kPublicationEpoch = 14;
inline constexpr Number kInfoUser = 1, kInfoClient = 2, kInfoConnection = 3, kInfoRoom = 4;

inline constexpr Number kPushChannel = 2, kPushPublication = 4, kPushJoin = 5, kPushLeave = 6,
                        kPushUnsubscribe = 7, kPushMessage = 8, kPushSubscribe = 9,
                        kPushDisconnect = 11, kPushRefresh = 12;
inline constexpr Number kJoinInfo = 1, kLeaveInfo = 1;
inline constexpr Number kPushUnsubscribeCode = 2, kPushUnsubscribeReason = 3;
inline constexpr Number kPushMessageData = 1;
inline constexpr Number kPushSubscribeRecoverable = 1, kPushSubscribeEpoch = 4,
                        kPushSubscribeOffset = 5, kPushSubscribePositioned = 6,
                        kPushSubscribeData = 7;
inline constexpr Number kPushDisconnectCode = 1, kPushDisconnectReason = 2,
                        kPushDisconnectReconnect = 3;
inline constexpr Number kPushRefreshExpires = 1, kPushRefreshTtl = 2;

}  // namespace madang::centrifuge::field
