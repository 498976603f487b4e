// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "madang/engine/engine.h"

namespace madang::centrifuge {

// An engine that has limits and nothing else.
class FakeEngine final : public Engine {
 public:
  Limits bounds;

  const Limits& limits() const override { return bounds; }

  void publish(std::string_view, Payload, PublishOptions, Callback<PublishResult>) override {
    std::abort();
  }
  absl::StatusOr<std::vector<ClientInfoRef>> presence(std::string_view) override { std::abort(); }
  absl::StatusOr<PresenceStats> presence_stats(std::string_view) override { std::abort(); }
  void history(std::string_view, HistoryQuery, Callback<HistoryResult>) override { std::abort(); }
  void remove_history(std::string_view, StatusCallback) override { std::abort(); }
  absl::Status refresh_user(const UserSessions&, std::optional<WallTime>) override { std::abort(); }
  absl::StatusOr<std::vector<RoomFacts>> rooms(std::string_view) override { std::abort(); }
  absl::Status send_to_user(const UserSessions&, Payload) override { std::abort(); }
  absl::Status join_user(const UserSessions&, std::string_view, JoinOptions) override {
    std::abort();
  }
  absl::Status leave_user(const UserSessions&, std::string_view, const LeaveReason&) override {
    std::abort();
  }
  absl::Status disconnect_user(const UserSessions&, const CloseReason&) override { std::abort(); }
  Connection* attach(std::size_t, std::shared_ptr<Transport>, std::unique_ptr<ProtocolSession>,
                     Framing&, CloseReason*) override {
    std::abort();
  }
  std::size_t lanes() const override { std::abort(); }
  Scheduler& scheduler(std::size_t) override { std::abort(); }
  EngineCounters counters() const override { std::abort(); }
  EngineCounters counters_now() override { std::abort(); }
  StorageState storage_state() const override { std::abort(); }
  void drain(DrainOptions, Task) override { std::abort(); }
};

}  // namespace madang::centrifuge
