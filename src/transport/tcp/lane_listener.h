// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "madang/transport/tcp_listener.h"
#include "tcp_lane.h"

namespace madang {

// Lanes::listen() for a lane of any kind.
absl::StatusOr<std::unique_ptr<TcpListener>> listen_on_lane(TcpLane& lane,
                                                            const TcpListenerOptions& options,
                                                            TcpListener::Accept accept,
                                                            TcpListener::Failed failed);

}  // namespace madang
