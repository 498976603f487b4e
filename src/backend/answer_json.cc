// SPDX-License-Identifier: Apache-2.0
#include "backend/answer_json.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "protocol/centrifuge/json_reader.h"

namespace madang::backend {
namespace {

using centrifuge::Data;
using centrifuge::JsonElements;
using centrifuge::JsonField;
using centrifuge::JsonMembers;
using centrifuge::JsonValue;
using centrifuge::read_object;
using centrifuge::ReadValue;
using centrifuge::to_string;

constexpr std::size_t kErrorMessageBytesMax = 1'024;

// A payload that comes as JSON, or as bytes in Base64.
struct EitherWay {
  Payload json = {};
  std::string base64 = {};

  // False if it came both ways, or is not what it says.
  bool take(Payload& to) {
    const bool is_null = json.view() == "null";
    if (base64.empty()) {
      if (!json.empty() && !is_null) to = std::move(json);
      return true;
    }
    std::string bytes;
    if ((!json.empty() && !is_null) || !absl::Base64Unescape(base64, &bytes)) return false;
    to = Payload(bytes);
    return true;
  }
};

std::optional<WallTime> expiry(std::uint64_t expire_at_s) {
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 40;  // some 30,000 years from now
  if (expire_at_s == 0) return std::nullopt;
  return WallTime(std::chrono::seconds(std::min(expire_at_s, kLatest)));
}

bool read_channels(const JsonValue& value, ConnectAnswer& to) {
  if (!value.is_array()) return false;
  JsonElements channels(value);
  while (channels.next()) {
    std::string room;
    if (!to_string(channels.value(), room) || room.empty()) return false;
    to.rooms.emplace_back(std::move(room), JoinOptions());
  }
  return true;
}

bool read_subs(const JsonValue& value, ConnectAnswer& to) {
  if (!value.is_object()) return false;
  JsonMembers subs(value);
  while (subs.next()) {
    if (subs.name().empty()) return false;
    auto& [room, options] = to.rooms.emplace_back(std::string(subs.name()), JoinOptions());
    EitherWay info;
    EitherWay data;
    const JsonField fields[] = {{"info", Data{&info.json}},
                                {"b64info", &info.base64},
                                {"data", Data{&data.json}},
                                {"b64data", &data.base64}};
    if (!read_object(subs.value(), fields) || !info.take(options.room_info) ||
        !data.take(options.data))
      return false;
  }
  return true;
}

bool read_result(const JsonValue& value, ConnectAnswer& to) {
  EitherWay info;
  EitherWay data;
  std::uint64_t expire_at_s = 0;
  const auto channels = [&](const JsonValue& names) { return read_channels(names, to); };
  const auto subs = [&](const JsonValue& by_name) { return read_subs(by_name, to); };
  const JsonField fields[] = {{"user", &to.user},
                              {"expire_at", &expire_at_s},
                              {"info", Data{&info.json}},
                              {"b64info", &info.base64},
                              {"data", Data{&data.json}},
                              {"b64data", &data.base64},
                              {"channels", ReadValue(channels)},
                              {"subs", ReadValue(subs)}};
  if (!read_object(value, fields)) return false;
  to.expires = expiry(expire_at_s);
  return info.take(to.connection_info) && data.take(to.data);
}

bool read_result(const JsonValue& value, RefreshResult& to) {
  EitherWay info;
  std::uint64_t expire_at_s = 0;
  const JsonField fields[] = {{"expired", &to.expired},
                              {"expire_at", &expire_at_s},
                              {"info", Data{&info.json}},
                              {"b64info", &info.base64}};
  if (!read_object(value, fields)) return false;
  to.answer.expires = expiry(expire_at_s);
  return info.take(to.answer.connection_info);
}

bool read_result(const JsonValue& value, JoinAnswer& to) {
  EitherWay info;
  EitherWay data;
  std::uint64_t expire_at_s = 0;
  const JsonField fields[] = {{"info", Data{&info.json}},
                              {"b64info", &info.base64},
                              {"data", Data{&data.json}},
                              {"b64data", &data.base64},
                              {"expire_at", &expire_at_s}};
  if (!read_object(value, fields)) return false;
  to.expires = expiry(expire_at_s);
  return info.take(to.room_info) && data.take(to.data);
}

bool read_result(const JsonValue& value, PublishAnswer& to) {
  EitherWay data;
  bool skip_history = false;
  const JsonField fields[] = {
      {"data", Data{&data.json}}, {"b64data", &data.base64}, {"skip_history", &skip_history}};
  Payload instead;
  if (!read_object(value, fields) || !data.take(instead)) return false;
  if (!instead.empty()) to.data = std::move(instead);
  to.keep = !skip_history;
  return true;
}

bool read_result(const JsonValue& value, RpcAnswer& to) {
  EitherWay data;
  const JsonField fields[] = {{"data", Data{&data.json}}, {"b64data", &data.base64}};
  return read_object(value, fields) && data.take(to.data);
}

// A host's own, or one that clients know from the protocol.
bool read_error(const JsonValue& value, ClientError& to) {
  const JsonField fields[] = {
      {"code", &to.code}, {"message", &to.message}, {"temporary", &to.temporary}};
  if (!read_object(value, fields)) return false;
  const bool known = to.code >= 100 && to.code <= 113;
  const bool own = to.code >= 400 && to.code <= 1999;
  return (known || own) && to.message.size() <= kErrorMessageBytesMax;
}

bool read_disconnect(const JsonValue& value, Disconnect& to) {
  const JsonField fields[] = {{"code", &to.code}, {"reason", &to.reason}};
  return read_object(value, fields) && to.code >= 3000 && to.code <= 4999;
}

template <typename Result>
bool read_whole(std::string_view body, Answer<Result>& to) {
  const auto whole = centrifuge::parse_json(body);
  if (!whole) return false;
  const auto result = [&](const JsonValue& value) {
    return read_result(value, to.result.emplace());
  };
  const auto error = [&](const JsonValue& value) { return read_error(value, to.error.emplace()); };
  const auto disconnect = [&](const JsonValue& value) {
    return read_disconnect(value, to.disconnect.emplace());
  };
  const JsonField fields[] = {{"result", ReadValue(result)},
                              {"error", ReadValue(error)},
                              {"disconnect", ReadValue(disconnect)}};
  if (!read_object(*whole, fields)) return false;
  return int{to.result.has_value()} + to.error.has_value() + to.disconnect.has_value() == 1;
}

}  // namespace

bool read_answer(std::string_view body, Answer<ConnectAnswer>& to) { return read_whole(body, to); }
bool read_answer(std::string_view body, Answer<RefreshResult>& to) { return read_whole(body, to); }
bool read_answer(std::string_view body, Answer<JoinAnswer>& to) { return read_whole(body, to); }
bool read_answer(std::string_view body, Answer<PublishAnswer>& to) { return read_whole(body, to); }
bool read_answer(std::string_view body, Answer<RpcAnswer>& to) { return read_whole(body, to); }

}  // namespace madang::backend
