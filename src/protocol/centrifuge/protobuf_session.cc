// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/protobuf_session.h"

#include "protocol/centrifuge/client_session.h"
#include "protocol/centrifuge/protobuf_codec.h"
#include "protocol/centrifuge/session_kind.h"

namespace madang::centrifuge {

std::unique_ptr<ProtocolSession> make_protobuf_session(const SessionOptions& options) {
  static const ProtobufCodec codec;
  return std::make_unique<ClientSession>(SessionKind::of(codec, options));
}

}  // namespace madang::centrifuge
