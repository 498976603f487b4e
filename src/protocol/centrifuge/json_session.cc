// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/json_session.h"

#include "protocol/centrifuge/client_session.h"
#include "protocol/centrifuge/json_codec.h"
#include "protocol/centrifuge/session_kind.h"

namespace madang::centrifuge {

std::unique_ptr<ProtocolSession> make_json_session(const SessionOptions& options) {
  static const JsonCodec codec;
  return std::make_unique<ClientSession>(SessionKind::of(codec, options));
}

}  // namespace madang::centrifuge
