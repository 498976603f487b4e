// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "madang/base/scheduler.h"
#include "madang/engine.h"

namespace madang::sim {

class World;

// The program around the engine: answers what it is asked, now, later, never, twice, or with an
// exception, and does things of its own.
class Host {
 public:
  explicit Host(World& world) : world_(world) {}

  Handlers handlers();
  // One thing by lot.
  void act();
  // An answer that was put off, drawn by lot, if there is one.
  void answer_one();
  bool owes_answers() const { return !owed_.empty(); }
  // From now on every answer comes at once and is yes.
  void calm() { calm_ = true; }
  // Publishes into `room` and answers the number of the message; nothing if it was refused.
  std::optional<std::uint64_t> publish(const std::string& room, PublishOptions options = {});

  std::size_t sessions() const { return connected_.size(); }
  std::uint64_t leaves() const { return leaves_; }

 private:
  absl::StatusOr<ConnectAnswer> decide(const ConnectRequest& request);
  absl::StatusOr<JoinAnswer> decide(const JoinRequest& request);
  absl::StatusOr<PublishAnswer> decide(Session& session, const PublishRequest& request);
  template <typename Answer>
  void answer(Reply<Answer> reply, absl::StatusOr<Answer> answer);
  // Of somebody who is connected; nil if nobody is.
  ClientId any_session();
  void read_history(const std::string& room);
  void publish_twice(const std::string& room);

  World& world_;
  bool calm_ = false;
  std::vector<Task> owed_;
  std::vector<std::shared_ptr<void>> never_;  // replies that wait for the end of the world
  std::set<ClientId> connected_;
  std::uint64_t keys_ = 0;
  std::optional<StreamPosition> last_repeated_;
  std::uint64_t leaves_ = 0;
};

}  // namespace madang::sim
