// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "madang/engine/handlers.h"

namespace madang::backend {

// What a backend is asked and told, as JSON. On the session's lane.
std::string request_json(const Session& session, const ConnectRequest& request);
std::string request_json(const Session& session, const RefreshRequest& request);
std::string request_json(const Session& session, const JoinRequest& request);
std::string request_json(const Session& session, const PublishRequest& request);
std::string request_json(const Session& session, const RpcRequest& request);
std::string event_json(const Session& session, const CloseReason& reason);
std::string event_json(const Session& session, std::string_view room, const LeaveReason& reason);

}  // namespace madang::backend
