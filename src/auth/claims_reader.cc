// SPDX-License-Identifier: Apache-2.0
#include "auth/claims_reader.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "auth/base64.h"
#include "auth/json_object.h"

namespace madang {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// The last second of the year 9999. Later ones are somebody's mistake, and this one is far from
// where arithmetic on milliseconds ends.
constexpr std::uint64_t kSecondsMax = 253'402'300'799;

// What is asked for by name, once for each member. Each reader takes a member that it knows, and
// says in `why` if the member is not as it should be; false: it does not know it.

bool take_text(element value, std::string& to) {
  std::string_view text;
  if (value.get(text)) return false;
  to = text;
  return true;
}

bool take_time(element value, std::optional<WallTime>& to) {
  // A number with a point or an exponent is a double here, whatever its value.
  std::uint64_t seconds = 0;
  if (!value.is_uint64() || value.get(seconds) || seconds > kSecondsMax) return false;
  to = WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
  return true;
}

bool take_audience(element value, std::vector<std::string>& to) {
  std::string text;
  if (take_text(value, text)) {
    to.push_back(std::move(text));
    return true;
  }
  simdjson::dom::array list;
  if (value.get(list)) return false;
  for (const auto each : list) {
    if (!take_text(each, text)) return false;
    to.push_back(text);
  }
  return true;
}

// A payload that is given as JSON or in base64, but not both. JSON null is none at all.
class PayloadReader {
 public:
  explicit PayloadReader(Payload& to) : to_(to) {}

  bool take_json(element value) {
    if (value.is_null()) return true;
    return put(Payload::of_json(simdjson::minify(value)));
  }

  bool take_base64(element value) {
    std::string_view text;
    std::string bytes;
    if (value.get(text) || !decode_base64(text, bytes)) return false;
    if (bytes.empty()) return true;
    return put(Payload(bytes));
  }

 private:
  bool put(Payload payload) {
    if (!to_.empty()) return false;
    to_ = std::move(payload);
    return true;
  }

  Payload& to_;
};

bool take_overrides(element value, TokenOverrides& to) {
  object overrides;
  if (value.get(overrides)) return false;
  const std::pair<std::string_view, std::optional<bool>*> known[] = {
      {"presence", &to.presence},
      {"join_leave", &to.join_leave},
      {"force_push_join_leave", &to.force_push_join_leave},
      {"force_recovery", &to.force_recovery},
      {"force_positioning", &to.force_positioning},
  };
  for (const auto& field : overrides) {
    for (const auto& [name, flag] : known) {
      if (field.key != name) continue;
      bool on = false;
      if (field.value.at_key("value").get(on)) return false;
      *flag = on;
    }
  }
  return true;
}

std::string_view read_subscription(element value, TokenSubscription& to) {
  object members;
  if (value.get(members)) return "one of subs is not an object";
  PayloadReader info(to.info);
  PayloadReader data(to.data);
  for (const auto& [name, member] : members) {
    bool good = true;
    if (name == "info") {
      good = info.take_json(member);
    } else if (name == "b64info") {
      good = info.take_base64(member);
    } else if (name == "data") {
      good = data.take_json(member);
    } else if (name == "b64data") {
      good = data.take_base64(member);
    } else if (name == "override") {
      good = take_overrides(member, to.overrides);
    }
    if (!good) return "a member of one of subs is not what it should be";
  }
  return {};
}

std::string_view read_subs(element value, std::vector<TokenSubscription>& to) {
  object rooms;
  if (value.get(rooms)) return "subs is not an object";
  for (const auto& [room, value_of_room] : rooms) {
    if (room.empty()) return "one of subs has no name";
    if (to.size() == kTokenRoomsMax) return "the token names too many rooms";
    auto& subscription = to.emplace_back();
    subscription.room = room;
    const auto why = read_subscription(value_of_room, subscription);
    if (!why.empty()) return why;
  }
  return {};
}

// Behind subs, which say more about the same room. Few enough to look through for each.
std::string_view add_channels(element value, std::vector<TokenSubscription>& to) {
  simdjson::dom::array list;
  if (value.get(list)) return "channels is not a list";
  for (const auto each : list) {
    std::string room;
    if (!take_text(each, room) || room.empty()) return "one of channels is not a name";
    const auto named = [&room](const auto& other) { return other.room == room; };
    if (std::any_of(to.begin(), to.end(), named)) continue;
    if (to.size() == kTokenRoomsMax) return "the token names too many rooms";
    to.emplace_back().room = std::move(room);
  }
  return {};
}

// Reads what both kinds have. `more` gets a member that is neither's here and says why not.
template <typename More>
std::string_view read_claims(object members, TokenClaims& to, More more) {
  PayloadReader info(to.info);
  std::optional<WallTime> expire_at;
  for (const auto& [name, value] : members) {
    std::string_view why;
    if (name == "sub") {
      if (!take_text(value, to.user)) why = "sub is not a text";
    } else if (name == "jti") {
      if (!take_text(value, to.id)) why = "jti is not a text";
    } else if (name == "iss") {
      if (!take_text(value, to.issuer)) why = "iss is not a text";
    } else if (name == "aud") {
      if (!take_audience(value, to.audience)) why = "aud is neither a text nor a list of texts";
    } else if (name == "exp") {
      if (!take_time(value, to.expires)) why = "exp is not a whole number of seconds";
    } else if (name == "nbf") {
      if (!take_time(value, to.not_before)) why = "nbf is not a whole number of seconds";
    } else if (name == "iat") {
      if (!take_time(value, to.issued_at)) why = "iat is not a whole number of seconds";
    } else if (name == "expire_at") {
      if (!take_time(value, expire_at)) why = "expire_at is not a whole number of seconds";
    } else if (name == "info") {
      if (!info.take_json(value)) why = "info is there beside b64info";
    } else if (name == "b64info") {
      if (!info.take_base64(value)) why = "b64info is not base64, or there beside info";
    } else {
      why = more(name, value);
    }
    if (!why.empty()) return why;
  }
  to.ends = expire_at ? expire_at : to.expires;
  if (to.ends == WallTime() && expire_at) to.ends.reset();
  return {};
}

}  // namespace

std::string_view read_connection_claims(std::string_view json, ConnectionClaims& claims) {
  object members;
  if (const auto why = read_json_object(json, members); !why.empty()) return why;
  std::optional<element> channels;
  const auto why =
      read_claims(members, claims, [&](std::string_view name, element value) -> std::string_view {
        if (name == "channel") return "a token of a subscription opens no connection";
        if (name == "subs") return read_subs(value, claims.subscriptions);
        if (name == "channels") channels = value;
        if (name == "meta") PayloadReader(claims.meta).take_json(value);
        return {};
      });
  if (!why.empty() || !channels) return why;
  return add_channels(*channels, claims.subscriptions);
}

std::string_view read_subscription_claims(std::string_view json, SubscriptionClaims& claims) {
  object members;
  if (const auto why = read_json_object(json, members); !why.empty()) return why;
  const auto why =
      read_claims(members, claims, [&](std::string_view name, element value) -> std::string_view {
        if (name == "channel" && !take_text(value, claims.room)) return "channel is not a text";
        if (name == "client" && !take_text(value, claims.client)) return "client is not a text";
        if (name == "override" && !take_overrides(value, claims.overrides)) {
          return "override is not what it should be";
        }
        return {};
      });
  if (!why.empty()) return why;
  return claims.room.empty() ? "a token of a subscription names no channel" : std::string_view();
}

}  // namespace madang
