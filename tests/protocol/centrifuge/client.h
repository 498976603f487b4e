// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/base/client_id.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "protocol/centrifuge/fake_session.h"

namespace madang::centrifuge {

// How a session without a name of its own is called.
inline const std::string kNil = ClientId().text();

// A protocol session in the hands of a test, on a fake session.
class Client {
 public:
  explicit Client(const SessionOptions& options = {.version = ""})
      : protocol(make_json_session(options)) {
    protocol->start(session);
  }

  void send(std::string_view text) { protocol->received(text, MessageKind::kText); }

  // All that was written since, a message a line.
  std::string take() {
    std::string all;
    for (const auto& message : std::exchange(session.written, {})) {
      if (!all.empty()) all += '\n';
      all += message;
    }
    return all;
  }

  // What a client gets that sends this.
  std::string ask(std::string_view text) {
    send(text);
    return take();
  }

  std::uint32_t closed() const { return session.closed ? session.closed->code : 0; }

  FakeSession session;
  std::unique_ptr<ProtocolSession> protocol;
};

// One that is connected, on a session that does all it is asked at once.
struct ConnectedClient : Client {
  explicit ConnectedClient(const SessionOptions& options = {.version = ""}) : Client(options) {
    session.connects.at_once = ConnectResult();
    session.joins.at_once = JoinResult();
    session.leaves.at_once = true;
    session.publishes.at_once = true;
    session.rpcs.at_once = Payload("null");
    session.refreshes.at_once = RefreshResult();
    send(R"({"connect":{},"id":1})");
    session.written.clear();
    session.commands = 0;
  }
};

inline EventRef message(std::string_view data, std::uint64_t offset) {
  auto event = std::make_shared<Event>();
  event->data = Payload(data);
  event->offset = offset;
  return event;
}

}  // namespace madang::centrifuge
