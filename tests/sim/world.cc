// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "fmt/format.h"
#include "madang/base/hash.h"

namespace madang::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than any time-out of the engine: what is still open after it stays so.
constexpr seconds kAllTimeouts{80};

}  // namespace

World::World(std::uint64_t seed, bool prints_trace)
    : prints_trace_(prints_trace),
      draw_(seed),
      engine_random_(seed ^ 0x5eed),
      plan_(draw_plan(draw_)),
      model_(plan_) {
  EngineOptions options;
  for (std::size_t i = 0; i < plan_.lanes; ++i) {
    lanes_.push_back(std::make_unique<ManualScheduler>(clock_));
    options.lanes.push_back(lanes_.back().get());
  }
  host_ = std::make_unique<Host>(*this);
  options.random = &engine_random_;
  options.handlers = host_->handlers();
  options.limits = plan_.limits;
  options.shards = std::size_t{1} << draw_.below(3);
  auto engine = Engine::create(std::move(options));
  if (!engine.ok()) {
    model_.fail("create: " + engine.status().ToString());
    return;
  }
  engine_ = *std::move(engine);
  for (std::size_t i = 0; i < plan_.clients; ++i) {
    clients_.push_back(std::make_unique<Client>(*this, i, chance(30)));
  }
}

World::~World() = default;

void World::trace(std::string_view text) {
  trace_hash_ = placement_hash(fmt::format("{} {} {}", trace_hash_, step_, text));
  if (prints_trace_) {
    std::printf("%6zu %9.3f %.*s\n", step_,
                std::chrono::duration<double>(clock_.now().time_since_epoch()).count(),
                static_cast<int>(text.size()), text.data());
  }
}

void World::bury(std::unique_ptr<Link> link) { graves_.push_back(std::move(link)); }

Outcome World::run() {
  while (step_ < plan_.steps && model_.failure().empty()) {
    ++step_;
    step();
    if (step_ % 32 == 0) model_.check_account(engine_->counters_now(), "on the way");
    if (chance(1)) check_readers();
  }
  Outcome outcome;
  if (model_.failure().empty()) check_end();
  outcome.failure = model_.failure();
  outcome.step = step_;
  if (engine_ != nullptr) {
    outcome.counters = engine_->counters();
    trace(Model::account(outcome.counters));
  }
  outcome.trace_hash = trace_hash_;
  return outcome;
}

// --- Steps ---------------------------------------------------------------------------------------

void World::step() {
  const auto lot = draw_.below(100);
  if (lot < 48) {
    run_task();
  } else if (lot < 78) {
    post_turn();
  } else if (lot < 88) {
    // From a thread of its own, as it were, or on a lane.
    if (chance(50)) return host_->act();
    lane(draw_.below(plan_.lanes)).post([this] { host_->act(); });
  } else if (lot < 93) {
    answer_owed();
  } else {
    pass_time();
  }
}

void World::run_task() {
  const auto first = draw_.below(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lane((first + i) % lanes_.size()).run_one()) return;
  }
}

void World::post_turn() {
  Client& client = *clients_[draw_.below(clients_.size())];
  if (std::exchange(client.turn_posted, true)) return;
  lane(client.lane()).post([&client] {
    client.turn_posted = false;
    client.turn();
  });
}

void World::answer_owed() {
  if (chance(50)) return host_->answer_one();
  lane(draw_.below(plan_.lanes)).post([this] { host_->answer_one(); });
}

void World::pass_time() {
  const auto lot = draw_.below(100);
  if (lot < 70) {
    clock_.skip(milliseconds(1 + draw_.below(60)));
  } else if (lot < 90) {
    clock_.skip(milliseconds(60 + draw_.below(2'000)));
  } else if (lot < 96) {
    clock_.skip(milliseconds(2'000 + draw_.below(10'000)));
  } else if (lot < 98) {
    clock_.skip(seconds(12 + draw_.below(60)));
  } else {
    clock_.jump_wall(seconds(draw_.below(40)) - seconds(20));
  }
}

void World::settle(seconds duration, bool come_back) {
  host_->calm();
  for (seconds passed{0}; passed < duration && model_.failure().empty(); ++passed) {
    ++step_;
    while (host_->owes_answers())
      host_->answer_one();
    clock_.advance(seconds(1));
    for (auto& client : clients_) {
      lane(client->lane()).post([&client = *client, come_back] { client.calm_turn(come_back); });
    }
    clock_.run_ready();
  }
}

// --- Checks --------------------------------------------------------------------------------------

// Lets the lanes come to rest, in which nobody who reads at once is left behind.
void World::check_readers() {
  clock_.run_ready();
  clock_.advance(milliseconds(kBatchDelayMaxMs));  // what waits in rooms that batch
  for (int i = 0; i < 2; ++i) {
    for (auto& client : clients_) {
      lane(client->lane()).post([&client = *client] { client.steady_turn(); });
    }
    clock_.run_ready();
  }
  model_.check_readers(*engine_, members());
}

std::vector<const Membership*> World::members() const {
  std::vector<const Membership*> all;
  for (const auto& client : clients_) {
    for (const auto* member : client->memberships())
      all.push_back(member);
  }
  return all;
}

void World::check_end() {
  settle(seconds(20), true);
  settle(kAllTimeouts, false);
  if (!model_.failure().empty()) return;
  trace("quiet");
  for (const auto& client : clients_) {
    if (client->link() == nullptr || client->link()->pending.empty()) continue;
    return model_.fail(fmt::format("client {} was never answered command {}", client->index(),
                                   client->link()->pending.begin()->first));
  }
  model_.check_quiet(*engine_, members());
  const auto counters = engine_->counters_now();
  if (counters.waiting != 0) {
    model_.fail("everybody has read all, and messages wait: " + Model::account(counters));
  }
  check_last_messages();
  model_.check_orders();
  if (model_.failure().empty()) check_all_left();
  if (model_.failure().empty()) drain();
}

// One last message into each room reaches everybody who is there, as the last one.
void World::check_last_messages() {
  std::map<std::string, std::uint64_t> last;
  for (const auto& room : plan_.rooms) {
    const auto number = host_->publish(room.name);
    if (!number) return model_.fail("nothing is under way, and a publish is refused");
    last[room.name] = *number;
  }
  settle(seconds(3), false);
  for (const auto* member : members()) {
    if (!member->messages.empty() && member->messages.back() == last[member->room]) continue;
    model_.fail(fmt::format("client {} in {} has not got the last message {}", member->client,
                            member->room, last[member->room]));
  }
}

void World::check_all_left() {
  for (auto& client : clients_)
    client->go();
  settle(seconds(3), false);
  const auto counters = engine_->counters_now();
  trace(Model::account(counters));
  if (counters.sessions != 0 || counters.subscriptions != 0 || counters.waiting != 0) {
    return model_.fail(fmt::format("all have left and there are {} sessions, {} subscriptions: {}",
                                   counters.sessions, counters.subscriptions,
                                   Model::account(counters)));
  }
  if (host_->sessions() != 0 || host_->leaves() != counters.joins) {
    model_.fail(fmt::format("the host knows {} sessions, {} leaves and {} joins", host_->sessions(),
                            host_->leaves(), counters.joins));
  }
  if (model_.accepted() > counters.published) model_.fail("more publishes accepted than counted");
  model_.check_quiet(*engine_, {});
  check_links(counters);
}

// What transports were handed is what the engine says it delivered. What it recovered may have been
// for connections that ended before it left.
void World::check_links(const EngineCounters& counters) {
  std::uint64_t messages = 0;
  for (auto& link : graves_) {
    messages += link->messages_read;
    for (const auto& frame : link->transport->take_unread())
      messages += count_messages(frame);
    if (link->transport->rules_broken() > 0) model_.fail("a transport was used against its rules");
  }
  if (messages < counters.delivered || messages > counters.delivered + counters.recovered) {
    model_.fail(fmt::format("{} messages went out, and the account says: {}", messages,
                            Model::account(counters)));
  }
}

void World::drain() {
  bool drained = false;
  engine_->drain({}, [&] { drained = true; });
  settle(seconds(3), false);
  if (!drained) model_.fail("nobody is there and drain has not called back");
  bool refused = false;
  engine_->publish(plan_.rooms[0].name, "1", {}, [&](absl::StatusOr<PublishResult> result) {
    refused = absl::IsUnavailable(result.status());
  });
  if (!refused) model_.fail("a publish into a drained engine is not refused");
}

}  // namespace madang::sim
