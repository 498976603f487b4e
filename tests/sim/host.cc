// SPDX-License-Identifier: Apache-2.0
#include "sim/host.h"

#include <charconv>
#include <chrono>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "fmt/format.h"
#include "madang/testing/answer_now.h"
#include "sim/world.h"

namespace madang::sim {
namespace {

using std::chrono::seconds;

std::uint64_t number_in(const Payload& data) {
  constexpr std::string_view kStart = "{\"n\":";
  std::uint64_t number = 0;
  std::from_chars(data.data() + kStart.size(), data.data() + data.size(), number);
  return number;
}

// Rooms in which every member must read the same: nobody is left out of a message there, so that
// the model can tell a gap without offsets.
bool may_exclude(const RoomOptions& room) {
  return room.has_positions() || room.slow_consumer == SlowConsumer::kDropOldest ||
         room.slow_consumer == SlowConsumer::kKeepLatest;
}

}  // namespace

// --- What the engine asks ------------------------------------------------------------------------

template <typename Answer>
void Host::answer(Reply<Answer> reply, absl::StatusOr<Answer> answer) {
  const auto give = [](Reply<Answer>& to, absl::StatusOr<Answer> what) {
    if (what.ok()) {
      to.accept(*std::move(what));
    } else {
      to.refuse(what.status());
    }
  };
  if (calm_ || !world_.chance(static_cast<unsigned>(world_.plan().odd_answers_percent))) {
    return give(reply, std::move(answer));
  }
  const auto lot = world_.draw().below(100);
  if (lot < 55) {
    owed_.push_back([give, reply = std::move(reply), answer = std::move(answer)]() mutable {
      give(reply, std::move(answer));
    });
  } else if (lot < 65) {
    never_.push_back(std::make_shared<Reply<Answer>>(std::move(reply)));
  } else if (lot < 85) {
    give(reply, answer);
    give(reply, std::move(answer));
  } else if (lot < 95) {
    throw std::runtime_error("a handler of the simulation");
  }  // else the reply is dropped
}

absl::StatusOr<ConnectAnswer> Host::decide(const ConnectRequest& request) {
  if (!calm_ && world_.chance(4)) return absl::PermissionDeniedError("not today");
  ConnectAnswer answer;
  answer.user = request.token;
  answer.connection_info = R"({"a":1})";
  if (world_.chance(5))
    answer.expires = world_.clock().wall_now() + seconds(1 + world_.draw().below(30));
  if (world_.chance(20)) answer.rooms.emplace_back(world_.any_room(), JoinOptions());
  return answer;
}

absl::StatusOr<JoinAnswer> Host::decide(const JoinRequest&) {
  if (!calm_ && world_.chance(5)) return absl::PermissionDeniedError("not here");
  JoinAnswer answer;
  if (world_.chance(10)) answer.room_info = R"({"b":2})";
  if (world_.chance(4))
    answer.expires = world_.clock().wall_now() + seconds(1 + world_.draw().below(30));
  return answer;
}

absl::StatusOr<PublishAnswer> Host::decide(Session& session, const PublishRequest& request) {
  if (world_.chance(5)) return absl::PermissionDeniedError("not this");
  PublishAnswer answer;
  const auto number = number_in(request.data);
  const RoomOptions& room = world_.model().options(request.room);
  answer.keep = !world_.chance(10);
  answer.exclude_sender = may_exclude(room) && world_.chance(10);
  world_.model().set_kept(number, answer.keep);
  if (answer.exclude_sender) {
    world_.model().set_excluded(number, session.client().text());
  }
  return answer;
}

Handlers Host::handlers() {
  Handlers handlers;
  handlers.connect = [this](Session&, const ConnectRequest& request, Reply<ConnectAnswer> reply) {
    answer(std::move(reply), decide(request));
  };
  handlers.join = [this](Session&, const JoinRequest& request, Reply<JoinAnswer> reply) {
    answer(std::move(reply), decide(request));
  };
  handlers.publish = [this](Session& session, const PublishRequest& request,
                            Reply<PublishAnswer> reply) {
    answer(std::move(reply), decide(session, request));
  };
  handlers.rpc = [this](Session&, const RpcRequest& request, Reply<RpcAnswer> reply) {
    answer(std::move(reply), absl::StatusOr<RpcAnswer>(RpcAnswer{request.data}));
  };
  handlers.read = [this](Session&, const ReadRequest&, Reply<ReadAnswer> reply) {
    answer(std::move(reply), absl::StatusOr<ReadAnswer>(ReadAnswer()));
  };
  handlers.message = [this](Session& session, const Payload& message) {
    if (world_.chance(50)) session.send(message).IgnoreError();
    if (world_.chance(10)) throw std::runtime_error("a message handler of the simulation");
  };
  handlers.connected = [this](Session& session) {
    if (!connected_.insert(session.client()).second) {
      world_.model().fail("a session is connected twice");
    }
    if (world_.chance(10)) session.send("[\"welcome\"]").IgnoreError();
  };
  handlers.leave = [this](Session& session, std::string_view, const LeaveReason&) {
    ++leaves_;
    if (!connected_.contains(session.client())) {
      world_.model().fail("a session leaves a room and was not connected");
    }
  };
  handlers.disconnect = [this](Session& session, const CloseReason&) {
    if (connected_.erase(session.client()) != 1) {
      world_.model().fail("a session is disconnected that was not connected");
    }
  };
  handlers.room_options = [this](std::string_view room) -> std::optional<RoomOptions> {
    return world_.model().options(room);
  };
  return handlers;
}

void Host::answer_one() {
  if (owed_.empty()) return;
  const auto at = world_.draw().below(owed_.size());
  Task task = std::move(owed_[at]);
  owed_.erase(owed_.begin() + static_cast<std::ptrdiff_t>(at));
  task();
}

// --- What it does by itself ----------------------------------------------------------------------

void Host::act() {
  Engine& engine = world_.engine();
  const std::string& room = world_.any_room();
  const auto lot = world_.draw().below(100);
  if (lot < 66) {
    PublishOptions options;
    options.keep = !world_.chance(12);
    if (may_exclude(world_.model().options(room)) && world_.chance(10)) {
      options.exclude = any_session();
    }
    publish(room, std::move(options));
  } else if (lot < 74) {
    publish_twice(room);
  } else if (lot < 81) {
    engine.leave_user(world_.any_user(), room).IgnoreError();
  } else if (lot < 86) {
    engine.join_user(world_.any_user(), room).IgnoreError();
  } else if (lot < 89) {
    engine
        .disconnect_user(world_.any_user(), world_.chance(50) ? kForceReconnect : kForceNoReconnect)
        .IgnoreError();
  } else if (lot < 92) {
    engine.remove_history(room, [](const absl::Status&) {});
  } else if (lot < 96) {
    engine.send_to_user(world_.any_user(), "{\"hello\":1}").IgnoreError();
  } else {
    read_history(room);
  }
}

ClientId Host::any_session() {
  if (connected_.empty()) return {};
  const auto at = world_.draw().below(connected_.size());
  return *std::next(connected_.begin(), static_cast<std::ptrdiff_t>(at));
}

void Host::read_history(const std::string& room) {
  HistoryQuery query;
  query.limit = world_.draw().below(20);
  query.reverse = world_.chance(50);
  const auto history = testing::answer_now<HistoryResult>(
      [&](Callback<HistoryResult> done) { world_.engine().history(room, query, std::move(done)); });
  if (!history.ok()) return;
  std::vector<SeenMessage> page;
  for (const auto& event : history->messages) {
    page.push_back({std::string(event->data.view()), event->offset, history->position.epoch});
  }
  world_.model().read_history(room, page, query.reverse);
}

std::optional<std::uint64_t> Host::publish(const std::string& room, PublishOptions options) {
  Model& model = world_.model();
  const auto number = model.next_message(room, "host");
  const std::string pad(world_.draw().below(world_.chance(5) ? 600 : 60), 'y');
  model.set_text(number, fmt::format(R"({{"n":{},"by":"host","pad":"{}"}})", number, pad));
  model.set_kept(number, options.keep);
  if (options.exclude != ClientId()) {
    model.set_excluded(number, options.exclude.text());
  }
  const bool keeps = options.keep && model.options(room).has_positions();
  std::optional<std::uint64_t> members;
  if (model.options(room).presence) {
    const auto stats = world_.engine().presence_stats(room);
    members = stats.ok() ? stats->sessions : 0;
  }
  const auto before = world_.engine().counters();
  std::optional<absl::StatusOr<PublishResult>> result;
  // The engine is to strip the line break.
  const auto wire = fmt::format("{{\"n\":{},\n\"by\":\"host\",\"pad\":\"{}\"}}", number, pad);
  world_.engine().publish(
      room, wire, std::move(options),
      [&](absl::StatusOr<PublishResult> answer) { result = std::move(answer); });
  if (!result) {
    model.fail("a publish into memory is not answered at once");
    return std::nullopt;
  }
  world_.trace(
      fmt::format("host publishes {} into {}: {}", number, room, result->status().ToString()));
  if (!result->ok()) {
    if (!absl::IsResourceExhausted(result->status())) {
      model.fail("publish: " + result->status().ToString());
    }
    model.set_void(number);
    return std::nullopt;
  }
  if ((**result).repeated) {
    model.set_void(number);
    last_repeated_ = (**result).position;
    return std::nullopt;
  }
  if (((**result).position.offset > 0) != keeps) model.fail("a publish has an offset, or has none");
  model.set_position(number, (**result).position);
  model.count_accepted();
  const auto after = world_.engine().counters();
  if (members && after.expected - before.expected != *members) {
    model.fail(fmt::format("a publish into {} counts {} members and there are {}", room,
                           after.expected - before.expected, *members));
  }
  return number;
}

void Host::publish_twice(const std::string& room) {
  PublishOptions options;
  options.idempotency_key = fmt::format("key {}", keys_++);
  const auto first = publish(room, options);
  if (!first) return;
  const auto position = world_.model().position(*first);
  last_repeated_.reset();
  if (publish(room, options) || !last_repeated_) {
    world_.model().fail("a publish was repeated under its key and not known again");
  } else if (*last_repeated_ != position) {
    world_.model().fail("a repeated publish is answered with another position");
  }
}

}  // namespace madang::sim
