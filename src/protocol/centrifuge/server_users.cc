// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/centrifuge/server_method.h"

namespace madang::centrifuge {
namespace {

constexpr std::size_t kExceptMax = 1'000;

// The text of the numbers that have one; a host's own and all others have one of ours.
CloseReason close_reason_of(std::uint32_t code) {
  constexpr std::array kKnown = {
      kClosed,          kShutdown,         kExpired,     kSlow,
      kForceReconnect,  kInvalidToken,     kBadRequest,  kForceNoReconnect,
      kConnectionLimit, kPermissionDenied, kNotAvailable};
  const auto* const found = std::ranges::find(kKnown, code, &CloseReason::code);
  return found != kKnown.end() ? *found : CloseReason{code, "disconnected by backend"};
}

// 0 is what JSON has for none.
std::optional<WallTime> time_of(std::uint64_t unix_s) {
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 40;  // some 30,000 years from now
  if (unix_s == 0) return std::nullopt;
  return WallTime(std::chrono::seconds(std::min(unix_s, kLatest)));
}

// Who is meant: a user, or one client of his. Emulation sessions are secrets that nobody tells.
struct Target {
  std::string user = {};
  std::string client = {};
  std::string session = {};
  std::vector<std::string> except = {};

  absl::StatusOr<UserSessions> sessions() const {
    if (!session.empty()) return absl::UnimplementedError("a session is named by its client");
    if (user.empty()) return absl::InvalidArgumentError("no user");
    UserSessions whom(user);
    if (!client.empty()) {
      const auto only = ClientId::parse(client);
      if (!only) return absl::InvalidArgumentError("not the id of a client");
      whom.only = *only;
    }
    for (const std::string& text : except) {
      const auto one = ClientId::parse(text);
      if (!one) return absl::InvalidArgumentError("not the id of a client");
      whom.except.push_back(*one);
    }
    return whom;
  }
};

bool read_texts(const JsonValue& value, std::vector<std::string>& to) {
  if (!value.is_array()) return false;
  JsonElements list(value);
  while (list.next()) {
    if (to.size() == kExceptMax || !to_string(list.value(), to.emplace_back())) return false;
  }
  return true;
}

// A call that does something to these sessions.
template <typename Act>
ServerCall call_of(Target target, Act act) {
  return [target = std::move(target), act = std::move(act)](const ServerApiOptions& api,
                                                            ServerAnswer answer) {
    const auto whom = target.sessions();
    answer_status(whom.ok() ? act(*api.engine, *whom) : whom.status(), answer);
  };
}

}  // namespace

bool read_subscribe(const JsonValue& value, ServerCall& call) {
  Target target;
  std::string room;
  JoinOptions options;
  std::uint64_t expire_at_s = 0;
  const auto read_since = [&](const JsonValue& since) {
    return read_position(since, options.since);
  };
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"channel", &room},
                              {"info", Data{&options.room_info}},
                              {"data", Data{&options.data}},
                              {"expire_at", &expire_at_s},
                              {"recover_since", ReadValue(read_since)}};
  if (!read_object(value, fields) || room.empty()) return false;
  options.expires = time_of(expire_at_s);
  call = call_of(std::move(target), [room = std::move(room), options = std::move(options)](
                                        Engine& engine, const UserSessions& whom) {
    return engine.join_user(whom, room, options);
  });
  return true;
}

bool read_unsubscribe(const JsonValue& value, ServerCall& call) {
  Target target;
  std::string room;
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"channel", &room}};
  if (!read_object(value, fields) || room.empty()) return false;
  call = call_of(std::move(target),
                 [room = std::move(room)](Engine& engine, const UserSessions& whom) {
                   return engine.leave_user(whom, room);
                 });
  return true;
}

bool read_refresh(const JsonValue& value, ServerCall& call) {
  Target target;
  bool expired = false;
  std::uint64_t expire_at_s = 0;
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"expired", &expired},
                              {"expire_at", &expire_at_s}};
  if (!read_object(value, fields)) return false;
  call = call_of(std::move(target), [expired, expires = time_of(expire_at_s)](
                                        Engine& engine, const UserSessions& whom) {
    return expired ? engine.disconnect_user(whom, kExpired) : engine.refresh_user(whom, expires);
  });
  return true;
}

bool read_disconnect(const JsonValue& value, ServerCall& call) {
  Target target;
  std::uint32_t code = kForceNoReconnect.code;
  const auto read_reason = [&](const JsonValue& reason) {
    const JsonField fields[] = {{"code", &code}};
    return read_object(reason, fields);
  };
  const auto read_except = [&](const JsonValue& list) { return read_texts(list, target.except); };
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"whitelist", ReadValue(read_except)},
                              {"disconnect", ReadValue(read_reason)}};
  if (!read_object(value, fields) || code < 3000 || code > 4999) return false;
  call = call_of(std::move(target),
                 [reason = close_reason_of(code)](Engine& engine, const UserSessions& whom) {
                   return engine.disconnect_user(whom, reason);
                 });
  return true;
}

}  // namespace madang::centrifuge
