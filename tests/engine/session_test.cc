// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <stdexcept>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

using Words = std::vector<std::string>;

TEST_CASE("connect: the host's answer decides, and rooms come with it") {
  World world;
  world.rooms = with_history(10);
  world.options.handlers.connect = [](Session&, const ConnectRequest& request,
                                      Reply<ConnectAnswer> reply) {
    if (request.token == "bad") return reply.refuse(absl::UnauthenticatedError("no"));
    ConnectAnswer answer;
    answer.user = request.token;
    answer.rooms = {{"a", {}}, {"b", {}}};
    reply.accept(std::move(answer));
  };
  const Client bad = world.open();
  CHECK(absl::IsUnauthenticated(bad.connect("bad")));
  CHECK(!bad.session().connected());
  CHECK(absl::IsInvalidArgument(bad.connect("again")));

  const Client ann = world.open();
  CHECK(ann.connect("ann").ok());
  CHECK(ann.session().in_room("a"));
  REQUIRE(world.publish("b", "1").ok());
  world.run();
  CHECK(ann.read() == Words{"b 1 1"});
}

TEST_CASE("connect: server-side rooms recover what their client missed, after the reply") {
  World world;
  world.rooms = with_history(10);
  world.options.handlers.connect = [](Session&, const ConnectRequest&, Reply<ConnectAnswer> reply) {
    ConnectAnswer answer;
    answer.rooms = {{"room", {}}};
    reply.accept(std::move(answer));
  };
  for (int i = 1; i <= 4; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  const Client client = world.open();
  ConnectCommand command;
  command.since["room"] = {2, ""};
  bool called = false;
  client.session().connect_command(std::move(command), [&](absl::StatusOr<ConnectResult> result) {
    called = true;
    REQUIRE(result.ok());
    REQUIRE(result->rooms.size() == 1);
    CHECK(result->rooms[0].second.recovered);
    CHECK(result->rooms[0].second.messages.size() == 2);
    REQUIRE(world.publish("room", "5").ok());
  });
  world.run();
  CHECK(called);
  CHECK(client.read() == Words{"room 5 5"});
}

TEST_CASE("connect: who never does is closed as stale") {
  World world;
  const Client client = world.open();
  world.pass(std::chrono::seconds(16));
  REQUIRE(client.transport->close_reason().has_value());
  CHECK(*client.transport->close_reason() == kStale);
  CHECK(world.engine().counters().sessions == 0);
}

TEST_CASE("connect: user ids and infos of a megabyte are an error of the host, not a session") {
  World world;
  world.options.handlers.connect = [](Session&, const ConnectRequest& request,
                                      Reply<ConnectAnswer> reply) {
    ConnectAnswer answer;
    answer.user = "u";
    if (request.token == "user") answer.user = std::string(1 << 20, 'u');
    if (request.token == "info") answer.connection_info = Payload(std::string(1 << 20, '1'));
    reply.accept(std::move(answer));
  };
  CHECK(absl::IsInternal(world.open().connect("user")));
  CHECK(absl::IsInternal(world.open().connect("info")));
  CHECK(world.open().connect("neither").ok());
}

TEST_CASE("handlers: one that is not set is not available") {
  World world;
  world.options.handlers.join = nullptr;
  world.options.handlers.publish = nullptr;
  const Client client = world.enter("u");
  CHECK(absl::IsUnimplemented(client.join("room")->status()));
  CHECK(absl::IsUnimplemented(*client.publish("room", "1")));
  absl::Status status;
  client.session().rpc_command({"m", "1"}, [&](auto result) { status = result.status(); });
  CHECK(absl::IsUnimplemented(status));
  client.session().message_command("1");
  world.run();
  REQUIRE(client.transport->close_reason().has_value());
  CHECK(*client.transport->close_reason() == kNotAvailable);
}

TEST_CASE("handlers: one that throws, drops its reply or never answers is a counted error") {
  World world;
  std::vector<Reply<RpcAnswer>> kept;
  world.options.handlers.rpc = [&](Session&, const RpcRequest& request, Reply<RpcAnswer> reply) {
    if (request.method == "throw") throw std::runtime_error("oops");
    if (request.method == "throw 1") throw 1;
    if (request.method == "keep") kept.push_back(std::move(reply));
    if (request.method == "twice") {
      reply.accept({"1"});
      reply.accept({"2"});
    }
  };
  const Client client = world.enter("u");
  const auto ask = [&](std::string method) {
    auto status = std::make_shared<absl::Status>(absl::UnknownError("no answer"));
    client.session().rpc_command({std::move(method), "1"}, [status](auto result) {
      *status = result.ok() ? absl::OkStatus() : result.status();
    });
    return status;
  };
  CHECK(absl::IsInternal(*ask("throw")));
  CHECK(absl::IsInternal(*ask("throw 1")));
  CHECK(absl::IsInternal(*ask("drop")));
  CHECK(ask("twice")->ok());
  const auto late = ask("keep");
  CHECK(absl::IsUnknown(*late));
  world.pass(std::chrono::seconds(11));
  CHECK(absl::IsDeadlineExceeded(*late));
  kept[0].accept({"1"});
  CHECK(absl::IsDeadlineExceeded(*late));
  const auto counters = world.engine().counters();
  CHECK(counters.handler_threw == 2);
  CHECK(counters.handler_dropped_reply == 1);
  CHECK(counters.handler_answered_twice == 1);
  CHECK(counters.handler_timed_out == 1);
  CHECK(counters.handler_answered_late == 1);
}

TEST_CASE("handlers: answers after the session or the engine has gone harm nobody") {
  auto world = std::make_unique<World>();
  std::vector<Reply<RpcAnswer>> kept;
  world->options.handlers.rpc = [&](Session&, const RpcRequest&, Reply<RpcAnswer> reply) {
    kept.push_back(std::move(reply));
  };
  const Client client = world->enter("u");
  int answers = 0;
  for (int i = 0; i < 2; ++i)
    client.session().rpc_command({"m", "1"}, [&](auto) { ++answers; });
  client.transport->hang_up();
  world->run();
  kept[0].accept();
  CHECK(world->engine().counters().handler_answered_late == 1);
  world.reset();
  kept[1].accept();
  kept.clear();
  CHECK(answers == 0);
}

TEST_CASE("handlers: a reply may end the session instead of answering") {
  World world;
  std::vector<Reply<ConnectAnswer>> kept;
  world.options.handlers.connect = [&](Session&, const ConnectRequest&,
                                       Reply<ConnectAnswer> reply) {
    kept.push_back(std::move(reply));
  };
  std::vector<Client> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(world.open());
    clients.back().connect("u").IgnoreError();
  }
  world.run();
  kept[0].close({4500, "by the host"});
  kept[0].accept();
  clients[1].transport->hang_up();
  world.run();
  kept[1].close({4500, "by the host"});
  world.run();
  REQUIRE(clients[0].transport->close_reason().has_value());
  CHECK(clients[0].transport->close_reason()->code == 4500);
  CHECK(world.engine().counters().handler_answered_twice == 1);
  CHECK(world.engine().counters().handler_answered_late == 1);
}

TEST_CASE("handlers: a host may close the session inside every one of them") {
  World world;
  int told = 0;
  const auto close = [&](Session& session) {
    ++told;
    session.close({4000, "by the host"});
  };
  world.options.handlers.join = [&](Session& session, const JoinRequest&, Reply<JoinAnswer> reply) {
    close(session);
    reply.accept();
  };
  world.options.handlers.publish = [&](Session& session, const PublishRequest&,
                                       Reply<PublishAnswer> reply) {
    close(session);
    reply.accept();
  };
  world.options.handlers.rpc = [&](Session& session, const RpcRequest&, Reply<RpcAnswer> reply) {
    close(session);
    reply.accept();
  };
  world.options.handlers.message = [&](Session& session, const Payload&) { close(session); };
  world.options.handlers.leave = [&](Session& session, std::string_view, const LeaveReason&) {
    close(session);
  };
  world.options.handlers.disconnect = [&](Session& session, const CloseReason&) { close(session); };
  for (int what = 0; what < 4; ++what) {
    const Client client = world.enter("u" + std::to_string(what));
    if (what == 0) client.join("room");
    if (what == 1) client.publish("room", "1");
    if (what == 2) client.session().rpc_command({"m", "1"}, [](auto) {});
    if (what == 3) client.session().message_command("1");
    world.run();
    REQUIRE(client.transport->close_reason().has_value());
    CHECK(client.transport->close_reason()->code == 4000);
  }
  CHECK(told >= 8);
  CHECK(world.engine().counters().sessions == 0);
  CHECK(world.engine().counters().subscriptions == 0);
}

TEST_CASE("handlers: leave and disconnect are told once, with the reason, in that order") {
  World world;
  Words told;
  world.options.handlers.leave = [&](Session&, std::string_view room, const LeaveReason& reason) {
    told.push_back(std::string(room) + " " + std::to_string(reason.code));
  };
  world.options.handlers.disconnect = [&](Session& session, const CloseReason& reason) {
    told.push_back(std::string(session.user()) + " " + std::to_string(reason.code));
  };
  const Client client = world.enter("u", "room");
  client.join("other");
  client.leave("other");
  client.transport->hang_up();
  world.run();
  CHECK(told == Words{"other 0", "room 1", "u 3000"});
}

TEST_CASE("commands: the bucket refuses, refills, and closes who goes on without a pause") {
  World world;
  world.options.limits.command_burst = 10;
  world.options.limits.commands_per_second = 5;
  const Client client = world.enter("u");
  Session& session = client.session();
  for (int i = 0; i < 10; ++i)
    CHECK(session.admit_command() == Admission::kGo);
  CHECK(session.admit_command() == Admission::kRefuse);
  world.clock.skip(std::chrono::seconds(1));
  // Five came back, and the refused one is owed.
  for (int i = 0; i < 4; ++i)
    CHECK(session.admit_command() == Admission::kGo);
  for (int i = 0; i < 10; ++i)
    CHECK(session.admit_command() == Admission::kRefuse);
  CHECK(session.admit_command() == Admission::kStop);
  world.run();
  CHECK(*client.transport->close_reason() == kTooManyRequests);
  CHECK(world.engine().counters().commands_refused == 11);
}

TEST_CASE("commands: too many errors close the session") {
  World world;
  world.options.limits.errors_per_session_max = 3;
  const Client client = world.enter("u");
  for (int i = 0; i < 3; ++i)
    CHECK(client.session().count_error() == Admission::kGo);
  CHECK(client.session().count_error() == Admission::kStop);
  world.run();
  CHECK(*client.transport->close_reason() == kTooManyErrors);
}

TEST_CASE("commands: those that wait for the host are bounded, and then the session is not read") {
  World world;
  std::vector<Reply<RpcAnswer>> kept;
  world.options.limits.commands_waiting_max = 5;
  world.options.handlers.rpc = [&](Session&, const RpcRequest&, Reply<RpcAnswer> reply) {
    kept.push_back(std::move(reply));
  };
  const Client client = world.enter("u");
  client.protocol->on_received = [&](std::string_view) {
    client.session().rpc_command({"m", "1"}, [](auto) {});
  };
  for (int i = 0; i < 8; ++i)
    client.transport->send("call");
  CHECK(kept.size() == 5);
  CHECK(client.transport->reading_paused());
  kept[0].accept();
  world.run();
  CHECK(client.protocol->resumed == 1);
  client.transport->pump();
  CHECK(kept.size() == 6);
}

TEST_CASE("heartbeat: a silent peer is pinged and then gone, one that answers stays") {
  World world;
  const Client silent = world.enter("silent");
  const Client alive = world.enter("alive");
  int pings = 0;
  for (int second = 0; second < 120; ++second) {
    world.pass(std::chrono::seconds(1));
    for (const auto& word : alive.read()) {
      if (word != "ping") continue;
      ++pings;
      CHECK(alive.session().pong_received().ok());
      CHECK(!alive.session().pong_received().ok());
    }
  }
  CHECK(pings >= 4);
  CHECK(pings <= 5);
  CHECK(!alive.transport->ended());
  REQUIRE(silent.transport->close_reason().has_value());
  CHECK(*silent.transport->close_reason() == kNoPong);
  CHECK(world.engine().counters().closed_no_pong == 1);
}

TEST_CASE("expiry: a session ends when its credentials and the grace are over, unless refreshed") {
  World world;
  world.options.handlers.connect = [&](Session&, const ConnectRequest& request,
                                       Reply<ConnectAnswer> reply) {
    ConnectAnswer answer;
    answer.user = request.token;
    answer.expires = world.clock.wall_now() + std::chrono::seconds(30);
    reply.accept(std::move(answer));
  };
  world.options.handlers.refresh = [&](Session&, const RefreshRequest& request,
                                       Reply<RefreshAnswer> reply) {
    if (request.token == "bad") return reply.refuse(token_expired_error());
    RefreshAnswer answer;
    answer.expires = world.clock.wall_now() + std::chrono::hours(1);
    reply.accept(std::move(answer));
  };
  const Client lazy = world.enter("lazy");
  const Client eager = world.enter("eager");
  std::optional<std::uint32_t> ttl_s;
  absl::Status bad;
  eager.session().refresh_command({"", "bad"}, [&](auto result) { bad = result.status(); });
  eager.session().refresh_command({"", "good"}, [&](auto result) { ttl_s = result->ttl_s; });
  CHECK(client_error_of(bad)->code == 109);
  CHECK(ttl_s == 3600);
  const auto answer_pings = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      world.pass(std::chrono::seconds(1));
      for (const auto* client : {&lazy, &eager}) {
        for (const auto& word : client->read()) {
          if (word == "ping") client->session().pong_received().IgnoreError();
        }
      }
    }
  };
  answer_pings(54);
  CHECK(!lazy.transport->ended());
  answer_pings(3);
  REQUIRE(lazy.transport->close_reason().has_value());
  CHECK(*lazy.transport->close_reason() == kExpired);
  answer_pings(60);
  CHECK(!eager.transport->ended());
}

TEST_CASE("expiry: a jump of the wall clock expires credentials and nothing else") {
  World world;
  const Client client = world.enter("u", "room");
  world.clock.jump_wall(std::chrono::hours(24));
  world.pass(std::chrono::seconds(5));
  world.clock.jump_wall(-std::chrono::hours(48));
  world.pass(std::chrono::seconds(5));
  REQUIRE(world.publish("room", "1").ok());
  world.run();
  CHECK(client.read() == Words{"room 0 1"});
  CHECK(!client.transport->ended());
}

TEST_CASE("users: messages and the end reach all sessions of a user and of nobody else") {
  World world(2);
  const Client a1 = world.enter("ann", "", 0);
  const Client a2 = world.enter("ann", "", 1);
  const Client bob = world.enter("bob", "", 0);
  REQUIRE(world.engine().send_to_user("ann", "1").ok());
  REQUIRE(world.engine().send_to_user("nobody", "1").ok());
  CHECK(absl::IsInvalidArgument(world.engine().send_to_user("", "1")));
  world.run();
  CHECK(a1.read() == Words{"message 1"});
  CHECK(a2.read() == Words{"message 1"});
  REQUIRE(world.engine().disconnect_user("ann").ok());
  world.run();
  CHECK(*a1.transport->close_reason() == kForceNoReconnect);
  CHECK(*a2.transport->close_reason() == kForceNoReconnect);
  CHECK(bob.read().empty());
  CHECK(!bob.transport->ended());
}

TEST_CASE("users: tasks for a lane that does not turn are bounded") {
  World world;
  world.options.limits.lane_tasks_max = 10;
  const Client ann = world.enter("ann");
  for (int i = 0; i < 10; ++i)
    CHECK(world.engine().send_to_user("ann", "1").ok());
  CHECK(absl::IsResourceExhausted(world.engine().send_to_user("ann", "1")));
  world.run();
  CHECK(ann.read().size() == 10);
  CHECK(world.engine().send_to_user("ann", "1").ok());
  CHECK(world.engine().counters().lane_tasks_refused == 1);
}

TEST_CASE("sessions: their number is bounded") {
  World world;
  world.options.limits.sessions_max = 2;
  const Client a = world.enter("a");
  const Client b = world.enter("b");
  CHECK(world.open_refused());
  CHECK(world.refusal == kTooManyRequests);
  a.transport->hang_up();
  world.run();
  CHECK(world.enter("c").session().connected());
}

TEST_CASE("drain: sessions go spread over the time, newcomers are refused, and then it is over") {
  World world(2);
  std::vector<Client> clients;
  for (std::size_t i = 0; i < 20; ++i)
    clients.push_back(world.enter("u", "room", i % 2));
  bool done = false;
  world.engine().drain({.spread = std::chrono::seconds(10)}, [&] { done = true; });
  const auto here = [&] { return world.engine().counters().sessions; };
  world.run();
  CHECK(here() == 20);
  CHECK(world.open_refused());
  CHECK(world.refusal == kShutdown);
  CHECK(absl::IsUnavailable(world.publish("room", "1").status()));
  world.pass(std::chrono::seconds(5));
  CHECK(here() > 5);
  CHECK(here() < 15);
  CHECK(!done);
  world.pass(std::chrono::seconds(6));
  CHECK(here() == 0);
  CHECK(done);
  for (const auto& client : clients)
    CHECK(*client.transport->close_reason() == kShutdown);
}

TEST_CASE("an engine is not made of options that make no sense") {
  ManualClock clock;
  ManualScheduler lane(clock);
  const auto create = [&](auto change) {
    EngineOptions options;
    options.lanes = {&lane};
    change(options);
    return Engine::create(std::move(options)).status();
  };
  CHECK(create([](EngineOptions&) {}).ok());
  CHECK(!create([](EngineOptions& o) { o.lanes.clear(); }).ok());
  CHECK(!create([](EngineOptions& o) { o.lanes = {nullptr}; }).ok());
  CHECK(!create([](EngineOptions& o) { o.shards = 3; }).ok());
  CHECK(!create([](EngineOptions& o) { o.limits.page_messages_max = 0; }).ok());
}
