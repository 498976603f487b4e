// SPDX-License-Identifier: Apache-2.0
#include "backend/request_json.h"

#include "absl/strings/escaping.h"
#include "madang/engine/session.h"
#include "protocol/centrifuge/json_writer.h"

namespace madang::backend {
namespace {

using centrifuge::JsonObject;

void write_text(std::string_view name, std::string_view text, JsonObject& out) {
  if (!text.empty()) out.text(name, text);
}

void write_data(const Payload& data, JsonObject& out) {
  if (!write_host_payload("data", data, out))
    out.text("b64data", absl::Base64Escape({data.data(), data.size()}));
}

// One request: what all have, and then what `write` adds.
template <typename Write>
std::string with_session(const Session& session, Write write) {
  std::string json;
  {
    JsonObject out(json);
    out.text("client", session.client().text());
    out.text("transport", session.transport().name);
    out.text("protocol", session.json_only() ? "json" : "protobuf");
    out.text("encoding", "json");
    write_text("user", session.user(), out);
    write(out);
  }
  return json;
}

}  // namespace

std::string request_json(const Session& session, const ConnectRequest& request) {
  return with_session(session, [&](JsonObject& out) {
    write_text("name", request.client_name, out);
    write_text("version", request.client_version, out);
    write_text("token", request.token, out);
    write_data(request.data, out);
  });
}

std::string request_json(const Session& session, const RefreshRequest& request) {
  return with_session(session, [&](JsonObject& out) {
    write_text("channel", request.room, out);
    write_text("token", request.token, out);
  });
}

std::string request_json(const Session& session, const JoinRequest& request) {
  return with_session(session, [&](JsonObject& out) {
    write_text("channel", request.room, out);
    write_text("token", request.token, out);
    write_data(request.data, out);
  });
}

std::string request_json(const Session& session, const PublishRequest& request) {
  return with_session(session, [&](JsonObject& out) {
    write_text("channel", request.room, out);
    write_data(request.data, out);
  });
}

std::string request_json(const Session& session, const RpcRequest& request) {
  return with_session(session, [&](JsonObject& out) {
    write_text("method", request.method, out);
    write_data(request.data, out);
  });
}

std::string event_json(const Session& session, const CloseReason& reason) {
  return with_session(session, [&](JsonObject& out) {
    out.number("code", reason.code);
    out.text("reason", reason.text);
  });
}

std::string event_json(const Session& session, std::string_view room, const LeaveReason& reason) {
  return with_session(session, [&](JsonObject& out) {
    out.text("channel", room);
    out.number("code", reason.code);
    out.text("reason", reason.text);
  });
}

}  // namespace madang::backend
