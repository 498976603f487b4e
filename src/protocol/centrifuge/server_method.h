// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/protocol/centrifuge/server_api.h"
#include "protocol/centrifuge/json_reader.h"

namespace madang::centrifuge {

// Gets the JSON of a result, or why there is none. Once, on any thread.
using ServerAnswer = absl::AnyInvocable<void(absl::StatusOr<std::string>)>;

// One command that was read. It may run after its text is gone.
using ServerCall = absl::AnyInvocable<void(const ServerApiOptions&, ServerAnswer)>;

struct ServerMethod {
  std::string_view name;
  // False if the value is not what the method takes.
  bool (*read)(const JsonValue& value, ServerCall& call) = nullptr;
};

std::span<const ServerMethod> server_methods();
// Null: there is none.
const ServerMethod* find_server_method(std::string_view name);

// What publish and broadcast take beside the rooms.
struct ServerPublish {
  Payload data = {};
  PublishOptions options = {};

  void run(const ServerApiOptions& api, std::string_view room, ServerAnswer answer) const;
};
// Reads it, and `own`, which is the method's.
bool read_server_publish(const JsonValue& value, const JsonField& own, ServerPublish& to);

// Where a history is read from, or a room is come back to.
bool read_position(const JsonValue& value, std::optional<StreamPosition>& to);
// {} if it is OK.
void answer_status(const absl::Status& status, ServerAnswer& answer);

// Of server_users.cc: what is done to a user's sessions.
bool read_subscribe(const JsonValue& value, ServerCall& call);
bool read_unsubscribe(const JsonValue& value, ServerCall& call);
bool read_refresh(const JsonValue& value, ServerCall& call);
bool read_disconnect(const JsonValue& value, ServerCall& call);
// Of server_many.cc:
bool read_broadcast(const JsonValue& value, ServerCall& call);
bool read_batch(const JsonValue& value, ServerCall& call);

// {"error":{...}} or {"<name>":result}.
std::string server_reply(std::string_view name, const absl::StatusOr<std::string>& answer);

}  // namespace madang::centrifuge
