// SPDX-License-Identifier: Apache-2.0
#include "madang/access/access.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "engine/fixture.h"
#include "madang/auth/token_signer.h"
#include "madang/base/status.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::Client;
using testing::World;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

std::string sign(const std::string& claims) { return TokenSigner::make(kSecret)->sign(claims); }

// An engine whose rooms are of the kinds "" (closed), "open", "chat" and "ask".
struct Fixture {
  explicit Fixture(AccessOptions options = AccessOptions{.kinds = kinds()}) {
    auto keys = std::make_shared<KeySet>();
    REQUIRE(keys->add_secret(kSecret).ok());
    auto verifier = TokenVerifier::make(keys, {.leeway = 0s});
    REQUIRE(verifier.ok());
    options.tokens = *std::move(verifier);
    auto handlers = make_access(std::move(options));
    REQUIRE(handlers.ok());
    world.options.handlers = *std::move(handlers);
    world.options.limits.ping_interval = 1h;  // nobody here answers
  }

  static RoomKinds kinds() {
    RoomKind open{.subscribe = Who::kEveryone, .publish = Who::kEveryone};
    RoomKind chat{.subscribe = Who::kUsers, .publish = Who::kMembers};
    chat.options.presence = true;
    chat.options.history.messages_max = 10;
    RoomKind ask{.subscribe = Who::kAsk, .publish = Who::kAsk, .presence = Who::kAsk};
    ask.options.presence = true;
    auto made = RoomKinds::make({{"", {}}, {"open", open}, {"chat", chat}, {"ask", ask}});
    REQUIRE(made.ok());
    return *std::move(made);
  }

  std::int64_t now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               world.clock.wall_now().time_since_epoch())
        .count();
  }
  // For `left` seconds from now, with more claims.
  std::string token(const std::string& user, std::int64_t left = 60, const std::string& more = "") {
    return sign(fmt::format(R"({{"sub":"{}","exp":{}{}}})", user, now_s() + left, more));
  }
  std::string room_token(const std::string& user, const std::string& room, std::int64_t left = 60,
                         const std::string& more = "") {
    return token(user, left, fmt::format(R"(,"channel":"{}"{})", room, more));
  }

  // A client that has asked to connect with the token.
  Client come(const std::string& token) {
    Client client = world.open();
    came = client.connect(token);
    world.run();
    return client;
  }

  absl::Status join(const Client& client, const std::string& room, const std::string& token = "") {
    absl::Status answered = absl::UnknownError("no answer");
    JoinCommand command;
    command.request.room = room;
    command.request.token = token;
    client.session().join_command(std::move(command), [&](absl::StatusOr<JoinResult> result) {
      answered = result.status();
      if (result.ok()) joined = *std::move(result);
    });
    world.run();
    return answered;
  }

  absl::Status refresh(const Client& client, const std::string& token,
                       const std::string& room = "") {
    absl::Status answered = absl::UnknownError("no answer");
    client.session().refresh_command(
        {.room = room, .token = token},
        [&](const absl::StatusOr<RefreshResult>& result) { answered = result.status(); });
    world.run();
    return answered;
  }

  World world;
  absl::Status came;
  JoinResult joined;
};

std::uint32_t closed(const Client& client) {
  return client.transport->close_reason() ? client.transport->close_reason()->code : 0;
}

std::uint32_t number(const absl::Status& status) {
  const auto error = client_error_of(status);
  return error ? error->code : 0;
}

}  // namespace

TEST_CASE("access: a good token says who somebody is, and until when") {
  Fixture f;
  const Client ann = f.come(f.token("ann", 60, R"(,"info":{"name":"Ann"})"));
  CHECK(f.came.ok());
  CHECK(ann.session().user() == "ann");
  CHECK(ann.session().info()->connection_info.view() == R"({"name":"Ann"})");
  f.world.pass(60s + f.world.engine().limits().expiry_grace + 1s);
  CHECK(closed(ann) == kExpired.code);
}

TEST_CASE("access: without credentials, with stale ones and with bad ones") {
  Fixture f;
  CHECK(closed(f.come("")) == kBadRequest.code);
  const Client late = f.come(f.token("ann", -1));
  CHECK(f.came == token_expired_error());
  CHECK(closed(late) == 0);
  CHECK(closed(f.come("a.b.c")) == kInvalidToken.code);
  CHECK(closed(f.come(f.room_token("ann", "chat:1"))) == kInvalidToken.code);
}

TEST_CASE("access: guests come in where they may, but not with a bad token") {
  Fixture f({.kinds = Fixture::kinds(), .guests = true});
  const Client guest = f.come("");
  CHECK(f.came.ok());
  CHECK(guest.session().user().empty());
  CHECK(f.join(guest, "open:1").ok());
  CHECK(absl::IsPermissionDenied(f.join(guest, "chat:1")));
  CHECK(closed(f.come("x")) == kInvalidToken.code);
}

TEST_CASE("access: a kind says who comes in, publishes and reads") {
  Fixture f({.kinds = Fixture::kinds(), .guests = true});
  const Client ann = f.come(f.token("ann"));
  CHECK(absl::IsNotFound(f.join(ann, "nothing:1")));
  CHECK(absl::IsPermissionDenied(f.join(ann, "lobby")));
  CHECK(absl::IsPermissionDenied(*ann.publish("chat:1", "1")));
  CHECK(f.join(ann, "chat:1").ok());
  CHECK(ann.publish("chat:1", "1")->ok());
  CHECK(absl::IsPermissionDenied(*ann.publish("lobby", "1")));
  CHECK(ann.publish("open:1", "1")->ok());
  CHECK(absl::IsNotFound(*ann.publish("nothing:1", "1")));
}

TEST_CASE("access: presence and history are for those whom the kind names") {
  Fixture f({.kinds = Fixture::kinds(), .guests = true});
  const Client ann = f.come(f.token("ann"));
  const Client bob = f.come(f.token("bob"));
  REQUIRE(f.join(ann, "chat:1").ok());
  const auto stats = [&](const Client& client, const std::string& room) {
    absl::Status answered;
    client.session().presence_stats_command(
        room, [&](const absl::StatusOr<PresenceStats>& result) { answered = result.status(); });
    f.world.run();
    return answered;
  };
  CHECK(stats(ann, "chat:1").ok());
  CHECK(absl::IsPermissionDenied(stats(bob, "chat:1")));
  CHECK(absl::IsUnimplemented(stats(bob, "ask:1")));
  absl::Status answered;
  bob.session().history_command("chat:1", {}, [&](const absl::StatusOr<HistoryResult>& result) {
    answered = result.status();
  });
  CHECK(absl::IsPermissionDenied(answered));
}

TEST_CASE("access: a subscription token opens one room to one user, in one session if it says so") {
  Fixture f;
  const Client ann = f.come(f.token("ann"));
  const auto client = ann.session().client().text();
  CHECK(f.join(ann, "lobby", f.room_token("ann", "lobby", 30)).ok());
  CHECK(f.joined.ttl_s == 30);
  CHECK(f.join(ann, "$chat:2", f.room_token("ann", "$chat:2")).ok());
  CHECK(f.join(ann, "chat:3", f.room_token("ann", "chat:3", 60, R"(,"client":")" + client + '"'))
            .ok());
  CHECK(f.join(ann, "chat:4", f.room_token("ann", "chat:4", -1)) == token_expired_error());
  CHECK(absl::IsPermissionDenied(f.join(ann, "chat:4", "rubbish")));
  CHECK(absl::IsPermissionDenied(f.join(ann, "chat:4", f.token("ann"))));
  CHECK(closed(ann) == 0);
}

TEST_CASE("access: a subscription token of another closes who sent it") {
  for (const auto* which : {"user", "room", "client"}) {
    Fixture f;
    const Client ann = f.come(f.token("ann"));
    const std::string kind = which;
    const auto token = kind == "user"   ? f.room_token("bob", "chat:1")
                       : kind == "room" ? f.room_token("ann", "chat:2")
                                        : f.room_token("ann", "chat:1", 60, R"(,"client":"x")");
    CHECK_FALSE(f.join(ann, "chat:1", token).ok());
    CHECK(closed(ann) == kInvalidToken.code);
  }
}

TEST_CASE("access: a private room is entered by token alone, one with names by those named alone") {
  Fixture f;
  const Client ann = f.come(f.token("ann"));
  CHECK(absl::IsPermissionDenied(f.join(ann, "$chat:1")));
  CHECK(absl::IsPermissionDenied(f.join(ann, "$open:1")));
  CHECK(f.join(ann, "#ann").ok());
  CHECK(f.join(ann, "chat:#bob,ann").ok());
  CHECK(absl::IsPermissionDenied(f.join(ann, "chat:#bob")));
  CHECK(absl::IsPermissionDenied(f.join(ann, "open:#bob")));
  CHECK(absl::IsPermissionDenied(f.join(ann, "#bob", f.room_token("ann", "#bob"))));
  CHECK(absl::IsPermissionDenied(*ann.publish("open:#bob", "1")));
}

TEST_CASE("access: the connection token names rooms, and a personal one comes by itself") {
  Fixture f({.kinds = Fixture::kinds(), .personal_rooms = true, .personal_kind = "chat"});
  const Client ann =
      f.come(f.token("ann", 60, R"(,"channels":["lobby"],"subs":{"open:1":{"data":{"a":1}}})"));
  CHECK(f.came.ok());
  CHECK(ann.session().in_room("lobby"));
  CHECK(ann.session().in_room("open:1"));
  CHECK(ann.session().in_room("chat:#ann"));
  f.come(f.token("ann", 60, R"(,"channels":["nothing:1"])"));
  CHECK(absl::IsNotFound(f.came));
  f.come(f.token("ann", 60, R"(,"channels":["#bob"])"));
  CHECK(absl::IsPermissionDenied(f.came));
  CHECK(absl::IsInvalidArgument(
      make_access({.kinds = Fixture::kinds(), .personal_rooms = true, .personal_kind = "x"})
          .status()));
}

TEST_CASE("access: a connection is prolonged by a newer token of its user") {
  Fixture f;
  const Client ann = f.come(f.token("ann", 10));
  f.world.pass(9s);
  CHECK(f.refresh(ann, f.token("ann", 100)).ok());
  f.world.pass(90s);
  CHECK(closed(ann) == 0);
  const Client bob = f.come(f.token("bob"));
  f.refresh(bob, f.token("ann")).IgnoreError();
  CHECK(closed(bob) == kInvalidToken.code);
  const Client eve = f.come(f.token("eve"));
  f.refresh(eve, f.token("eve", -1)).IgnoreError();
  CHECK(closed(eve) == kExpired.code);
  const Client joe = f.come(f.token("joe"));
  f.refresh(joe, "rubbish").IgnoreError();
  CHECK(closed(joe) == kInvalidToken.code);
}

TEST_CASE("access: a subscription is prolonged by a newer token, or ends") {
  Fixture f;
  const Client ann = f.come(f.token("ann", 1000));
  REQUIRE(f.join(ann, "lobby", f.room_token("ann", "lobby", 10)).ok());
  CHECK(f.refresh(ann, f.room_token("ann", "lobby", 50), "lobby").ok());
  CHECK(number(f.refresh(ann, f.room_token("ann", "lobby", -1), "lobby")) == 110);
  CHECK(absl::IsPermissionDenied(f.refresh(ann, "rubbish", "lobby")));
  f.world.pass(45s);
  CHECK(ann.session().in_room("lobby"));
  f.world.pass(10s + f.world.engine().limits().expiry_grace);
  CHECK_FALSE(ann.session().in_room("lobby"));
  CHECK(closed(ann) == 0);
  REQUIRE(f.join(ann, "lobby", f.room_token("ann", "lobby")).ok());
  f.refresh(ann, f.room_token("ann", "chat:1"), "lobby").IgnoreError();
  CHECK(closed(ann) == kInvalidToken.code);
}

TEST_CASE("access: the host is asked where a kind says so, and for clients without a token") {
  AccessOptions options{.kinds = Fixture::kinds(), .personal_rooms = true};
  options.host.connect = [](Session&, const ConnectRequest&, Reply<ConnectAnswer> reply) {
    reply.accept({.user = "carl"});
  };
  options.host.join = [](Session&, const JoinRequest& request, Reply<JoinAnswer> reply) {
    if (request.room == "ask:no") return reply.refuse();
    reply.accept();
  };
  Fixture f(std::move(options));
  const Client carl = f.come("");
  CHECK(carl.session().user() == "carl");
  CHECK(carl.session().in_room("#carl"));
  CHECK(f.join(carl, "ask:yes").ok());
  CHECK(absl::IsPermissionDenied(f.join(carl, "ask:no")));
  CHECK(absl::IsUnimplemented(*carl.publish("ask:yes", "1")));
  CHECK(f.come(f.token("ann")).session().user() == "ann");
}

TEST_CASE("access: where all is open everybody may do everything, but a token is still checked") {
  Fixture f({.kinds = Fixture::kinds(), .open = true});
  const Client guest = f.come("");
  CHECK(f.join(guest, "lobby").ok());
  CHECK(f.join(guest, "$chat:1").ok());
  CHECK(guest.publish("lobby", "1")->ok());
  CHECK(absl::IsNotFound(f.join(guest, "nothing:1")));
  CHECK(absl::IsPermissionDenied(f.join(guest, "chat:2", "rubbish")));
  CHECK(closed(f.come("rubbish")) == kInvalidToken.code);
}

}  // namespace madang
