// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/claims.h"

#include <string>

#include "auth/fixture.h"

namespace madang {
namespace {

using testing::ann;
using testing::connection;
using testing::subscription;

constexpr WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// What becomes of a connection token where ann's claims have `more`.
TokenOutcome with(std::string_view more) { return connection(ann(more)).outcome; }

std::string channels(std::size_t count) {
  std::string text = R"(,"channels":[)";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "\"r" : ",\"r") + std::to_string(i) + '"';
  return text + ']';
}

}  // namespace

TEST_CASE("claims: a connection token says who, until when, with what and where") {
  const auto result = connection(R"({"sub":"ann","exp":1700000060,"nbf":1699999990,
      "iat":1699999995,"jti":"t1","iss":"shop","aud":["chat","live"],"info":{"name":"Ann \u00fc"},
      "meta":{"plan":3},"channels":["news","room:1"],"unheard_of":[1],
      "subs":{"room:1":{"info":[1],"data":"d","override":{"presence":{"value":true},
      "join_leave":{"value":false},"force_push_join_leave":{"value":true},
      "force_recovery":{"value":true},"force_positioning":{"value":false},"else":1}}}})");
  REQUIRE(result.good());
  CHECK(result.why.empty());
  const auto& claims = *result.claims;
  CHECK(claims.user == "ann");
  CHECK(claims.id == "t1");
  CHECK(claims.issuer == "shop");
  CHECK(claims.audience == std::vector<std::string>{"chat", "live"});
  CHECK(claims.expires == at(1'700'000'060));
  CHECK(claims.not_before == at(1'699'999'990));
  CHECK(claims.issued_at == at(1'699'999'995));
  CHECK(claims.ends == claims.expires);
  CHECK(claims.info == Payload("{\"name\":\"Ann \xc3\xbc\"}"));
  CHECK(claims.info.is_json());
  CHECK(claims.meta == Payload(R"({"plan":3})"));
  REQUIRE(claims.subscriptions.size() == 2);
  const auto& room = claims.subscriptions[0];
  CHECK(room.room == "room:1");
  CHECK(room.info == Payload("[1]"));
  CHECK(room.data == Payload("\"d\""));
  CHECK(room.overrides.presence == true);
  CHECK(room.overrides.join_leave == false);
  CHECK(room.overrides.force_push_join_leave == true);
  CHECK(room.overrides.force_recovery == true);
  CHECK(room.overrides.force_positioning == false);
  CHECK(claims.subscriptions[1].room == "news");
  CHECK_FALSE(claims.subscriptions[1].overrides.presence.has_value());
}

TEST_CASE("claims: a subscription token says who, which room and which session") {
  const auto result = subscription(R"({"sub":"ann","exp":1700000060,"channel":"room:1",
      "client":"c1","b64info":"AAE=","override":{"presence":{"value":true}}})");
  REQUIRE(result.good());
  CHECK(result.claims->room == "room:1");
  CHECK(result.claims->client == "c1");
  CHECK(result.claims->info == Payload(std::string_view("\0\1", 2)));
  CHECK_FALSE(result.claims->info.is_json());
  CHECK(result.claims->overrides.presence == true);
}

TEST_CASE("claims: a token without a user is good, and is nobody's") {
  const auto result = connection(R"({"exp":1700000060})");
  REQUIRE(result.good());
  CHECK(result.claims->user.empty());
}

TEST_CASE("claims: one kind of token is none of the other kind") {
  CHECK(connection(ann(R"(,"channel":"room:1")")).outcome == TokenOutcome::kInvalid);
  CHECK(connection(ann(R"(,"channel":"")")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann("")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann(R"(,"channel":"")")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann(R"(,"channel":7)")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann(R"(,"channel":"r","client":7)")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann(R"(,"channel":"r","override":7)")).outcome == TokenOutcome::kInvalid);
  CHECK(subscription(ann(R"(,"channel":"r")")).good());
}

TEST_CASE("claims: a subscription token is for one user, one room and perhaps one session") {
  SubscriptionClaims claims;
  claims.user = "ann";
  claims.room = "room:1";
  CHECK(match_subscription(claims, "ann", "c1", "room:1").good());
  CHECK(match_subscription(claims, "bob", "c1", "room:1").outcome == TokenOutcome::kMismatch);
  CHECK(match_subscription(claims, "", "c1", "room:1").outcome == TokenOutcome::kMismatch);
  CHECK(match_subscription(claims, "ann", "c1", "room:10").outcome == TokenOutcome::kMismatch);
  claims.client = "c1";
  CHECK(match_subscription(claims, "ann", "c1", "room:1").good());
  CHECK(match_subscription(claims, "ann", "c2", "room:1").outcome == TokenOutcome::kMismatch);
  CHECK_FALSE(match_subscription(claims, "ann", "c2", "room:1").why.empty());
}

TEST_CASE("claims: a connection is refreshed by a token of its own user only") {
  ConnectionClaims claims;
  claims.user = "ann";
  CHECK(match_connection(claims, "ann").good());
  CHECK(match_connection(claims, "").outcome == TokenOutcome::kMismatch);
}

TEST_CASE("claims: expire_at ends the session instead of exp, and 0 is never") {
  CHECK(connection(ann(R"(,"expire_at":1700009999)")).claims->ends == at(1'700'009'999));
  CHECK_FALSE(connection(ann(R"(,"expire_at":0)")).claims->ends.has_value());
  CHECK(connection(ann(R"(,"expire_at":1699999000)")).outcome == TokenOutcome::kExpired);
  CHECK(with(R"(,"expire_at":"1700009999")") == TokenOutcome::kInvalid);
}

TEST_CASE("claims: a time is a whole number of seconds that a calendar has") {
  for (const auto* time : {"\"1700000060\"", "-1", "1e308", "1700000060.5", "1700000060.0", "1.7e9",
                           "1e400", "null", "true", "[1700000060]", "{}", "253402300800",
                           "9223372036854775807", "18446744073709551615", "18446744073709551616"}) {
    CAPTURE(time);
    for (const auto* name : {"exp", "nbf", "iat", "expire_at"}) {
      CAPTURE(name);
      const auto claims = std::string(R"({"sub":"ann",")") + name + "\":" + time + '}';
      CHECK(connection(claims, {.expiry_required = false}).outcome == TokenOutcome::kInvalid);
    }
  }
  const auto last = connection(R"({"sub":"ann","exp":253402300799})");
  REQUIRE(last.good());
  CHECK(last.claims->expires == at(253'402'300'799));
  CHECK(with(R"(,"nbf":253402300799)") == TokenOutcome::kInvalid);
  CHECK(with(R"(,"iat":253402300799)") == TokenOutcome::kInvalid);
}

TEST_CASE("claims: what should be a text, a list or an object is nothing else") {
  for (const auto* claims :
       {R"({"sub":7,"exp":1700000060})", R"({"sub":null,"exp":1700000060})",
        R"({"sub":["ann"],"exp":1700000060})", R"([{"sub":"ann","exp":1700000060}])", R"("ann")",
        "1700000060", "null", "", "{", R"({"sub":"ann","exp":1700000060} {})",
        "{\"sub\":\"\xff\",\"exp\":1700000060}", R"({"sub":"\ud800","exp":1700000060})"}) {
    CAPTURE(claims);
    CHECK(connection(claims).outcome == TokenOutcome::kInvalid);
  }
  for (const auto* more : {R"(,"jti":7)",
                           R"(,"iss":7)",
                           R"(,"aud":7)",
                           R"(,"aud":[7])",
                           R"(,"aud":null)",
                           R"(,"b64info":7)",
                           R"(,"b64info":"AA")",
                           R"(,"info":1,"b64info":"AAE=")",
                           R"(,"b64info":"AAE=","info":1)",
                           R"(,"channels":"news")",
                           R"(,"channels":[7])",
                           R"(,"channels":[""])",
                           R"(,"subs":["news"])",
                           R"(,"subs":{"":{}})",
                           R"(,"subs":{"news":7})",
                           R"(,"subs":{"news":{"b64info":"?"}})",
                           R"(,"subs":{"news":{"data":1,"b64data":"AAE="}})",
                           R"(,"subs":{"news":{"override":true}})",
                           R"(,"subs":{"news":{"override":{"presence":true}}})",
                           R"(,"subs":{"news":{"override":{"presence":{"value":1}}}})"}) {
    CAPTURE(more);
    CHECK(with(more) == TokenOutcome::kInvalid);
  }
}

TEST_CASE("claims: null info and meta are none") {
  const auto result = connection(ann(R"(,"info":null,"meta":null)"));
  REQUIRE(result.good());
  CHECK(result.claims->info.empty());
  CHECK(result.claims->meta.empty());
}

TEST_CASE("claims: a member that is there twice is refused, however it is written and nested") {
  CHECK(with(R"(,"exp":1800000000)") == TokenOutcome::kInvalid);
  CHECK(with(R"(,"e\u0078p":1800000000)") == TokenOutcome::kInvalid);
  CHECK(with(R"(,"info":{"a":[{"b":1,"b":2}]})") == TokenOutcome::kInvalid);
  CHECK(with(R"(,"subs":{"news":{},"news":{}})") == TokenOutcome::kInvalid);
  CHECK(with(R"(,"info":{"a":[{"b":1},{"b":2}]})") == TokenOutcome::kGood);
}

TEST_CASE("claims: JSON nests to a bound") {
  const auto nested = [](std::size_t depth) {
    return R"(,"info":)" + std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(with(nested(30)) == TokenOutcome::kGood);
  CHECK(with(nested(32)) == TokenOutcome::kInvalid);
  CHECK(with(nested(2000)) == TokenOutcome::kInvalid);
}

TEST_CASE("claims: a token names kTokenRoomsMax rooms and no more, and each once") {
  const auto most = connection(ann(channels(kTokenRoomsMax)));
  REQUIRE(most.good());
  CHECK(most.claims->subscriptions.size() == kTokenRoomsMax);
  CHECK(with(channels(kTokenRoomsMax + 1)) == TokenOutcome::kInvalid);
  CHECK(with(channels(kTokenRoomsMax) + R"(,"subs":{"news":{}})") == TokenOutcome::kInvalid);
  CHECK(connection(ann(R"(,"channels":["a","a","b"],"subs":{"b":{}})"))
            .claims->subscriptions.size() == 2);
}

}  // namespace madang
