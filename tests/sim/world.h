// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "madang/engine.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/memory_transport.h"
#include "sim/client.h"
#include "sim/host.h"
#include "sim/model.h"
#include "sim/plan.h"

namespace madang::sim {

struct Outcome {
  std::string failure;  // empty: all was as promised
  std::uint64_t trace_hash = 0;
  std::size_t step = 0;
  EngineCounters counters;
};

// One engine with its host and its clients on virtual time, in one thread, and everything that
// happens in it drawn from one seed.
class World {
 public:
  World(std::uint64_t seed, bool prints_trace);
  ~World();

  // From the first step to the last check. Once.
  Outcome run();

  // --- For clients and host --------------------------------------------------------------------
  SeededRandom& draw() { return draw_; }
  bool chance(unsigned percent) { return draw_.below(100) < percent; }
  const Plan& plan() const { return plan_; }
  const std::string& any_room() { return plan_.rooms[draw_.below(plan_.rooms.size())].name; }
  std::string any_user() { return "user" + std::to_string(draw_.below(plan_.users)); }
  Model& model() { return model_; }
  Engine& engine() { return *engine_; }
  ManualClock& clock() { return clock_; }
  ManualScheduler& lane(std::size_t lane) { return *lanes_[lane]; }
  Framing& framing() { return framing_; }
  // A text for the trace: two runs of a seed must give the same.
  void trace(std::string_view text);
  // Keeps a connection whose client has forgotten it, for the account.
  void bury(std::unique_ptr<Link> link);

 private:
  void step();
  void run_task();
  void pass_time();
  void post_turn();
  void answer_owed();
  // Time passes and everybody reads, and does nothing new but to come back, if `come_back`.
  void settle(std::chrono::seconds duration, bool come_back);
  std::vector<const Membership*> members() const;
  void check_readers();
  void check_end();
  void check_last_messages();
  void check_all_left();
  void check_links(const EngineCounters& counters);
  void drain();

  const bool prints_trace_;
  std::uint64_t trace_hash_ = 0;
  std::size_t step_ = 0;

  SeededRandom draw_;
  SeededRandom engine_random_;
  Plan plan_;
  Model model_;
  ManualClock clock_;
  std::vector<std::unique_ptr<ManualScheduler>> lanes_;
  LengthFraming framing_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Link>> graves_;  // connections that clients have forgotten
};

}  // namespace madang::sim
