// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/engine/session.h"
#include "protocol/centrifuge/fake_engine.h"

namespace madang::centrifuge {

// One kind of command as the session was asked it, and how it is answered: at once with `at_once`,
// or when the test says so.
template <typename Asked, typename Result>
struct Script {
  std::vector<Asked> asked;
  std::deque<Callback<Result>> waiting;
  std::optional<absl::StatusOr<Result>> at_once;

  void ask(Asked command, Callback<Result> done) {
    asked.push_back(std::move(command));
    if (at_once) return done(*at_once);
    waiting.push_back(std::move(done));
  }

  void answer(absl::StatusOr<Result> result) {
    REQUIRE_FALSE(waiting.empty());
    auto done = std::move(waiting.front());
    waiting.pop_front();
    done(std::move(result));
  }
};

struct AskedHistory {
  std::string room;
  HistoryQuery query;
};

// A session that records what it is asked and does what the test says.
class FakeSession final : public Session {
 public:
  Script<ConnectCommand, ConnectResult> connects;
  Script<JoinCommand, JoinResult> joins;
  Script<std::string, bool> leaves;
  Script<PublishRequest, bool> publishes;
  Script<std::string, std::vector<ClientInfoRef>> presences;
  Script<std::string, PresenceStats> stats;
  Script<AskedHistory, HistoryResult> histories;
  Script<RpcRequest, Payload> rpcs;
  Script<RefreshRequest, RefreshResult> refreshes;
  std::vector<Payload> messages;

  std::deque<Admission> admissions;  // kGo when empty
  Admission error_admission = Admission::kGo;
  int commands = 0;
  int errors = 0;
  int pongs = 0;
  bool input = true;
  bool pause_on_join = false;  // a join takes `input` away
  bool ping_outstanding = false;
  std::optional<CloseReason> closed;
  std::vector<std::string> written;

  FakeEngine fake_engine;
  TransportInfo transport_info;
  ClientInfoRef client_info = std::make_shared<ClientInfo>();

  Engine& engine() override { return fake_engine; }
  std::size_t lane() const override { return 0; }
  const ClientId& client() const override { return client_info->client; }
  std::string_view user() const override { return client_info->user; }
  const ClientInfoRef& info() const override { return client_info; }
  bool connected() const override { return true; }
  bool closing() const override { return closed.has_value(); }
  bool in_room(std::string_view) const override { return false; }
  std::vector<std::string> rooms() const override { return {}; }
  const TransportInfo& transport() const override { return transport_info; }
  bool json_only() const override { return true; }
  std::shared_ptr<void>& attachment() override { return attachment_; }
  absl::Status send(Payload) override { return absl::OkStatus(); }
  absl::Status join(std::string_view, JoinOptions) override { return absl::OkStatus(); }
  absl::Status leave(std::string_view, const LeaveReason&) override { return absl::OkStatus(); }
  void refresh(std::optional<WallTime>) override {}
  void close(const CloseReason& reason) override {
    if (!closed) closed = reason;
  }

  Admission admit_command() override {
    ++commands;
    if (admissions.empty()) return Admission::kGo;
    const auto admission = admissions.front();
    admissions.pop_front();
    return admission;
  }
  Admission count_error() override {
    ++errors;
    return error_admission;
  }
  bool wants_input() override { return input; }

  void connect_command(ConnectCommand command, Callback<ConnectResult> done) override {
    connects.ask(std::move(command), std::move(done));
  }
  void join_command(JoinCommand command, Callback<JoinResult> done) override {
    if (pause_on_join) input = false;
    joins.ask(std::move(command), std::move(done));
  }
  void leave_command(std::string_view room, Callback<bool> done) override {
    leaves.ask(std::string(room), std::move(done));
  }
  void publish_command(PublishRequest request, Callback<bool> done) override {
    publishes.ask(std::move(request), std::move(done));
  }
  void presence_command(std::string room, Callback<std::vector<ClientInfoRef>> done) override {
    presences.ask(std::move(room), std::move(done));
  }
  void presence_stats_command(std::string room, Callback<PresenceStats> done) override {
    stats.ask(std::move(room), std::move(done));
  }
  void history_command(std::string room, HistoryQuery query,
                       Callback<HistoryResult> done) override {
    histories.ask({std::move(room), std::move(query)}, std::move(done));
  }
  void rpc_command(RpcRequest request, Callback<Payload> done) override {
    rpcs.ask(std::move(request), std::move(done));
  }
  void message_command(Payload message) override { messages.push_back(std::move(message)); }
  void refresh_command(RefreshRequest request, Callback<RefreshResult> done) override {
    refreshes.ask(std::move(request), std::move(done));
  }
  absl::Status pong_received() override {
    if (!std::exchange(ping_outstanding, false)) return absl::FailedPreconditionError("no ping");
    ++pongs;
    return absl::OkStatus();
  }
  void write_message(std::string_view message) override { written.emplace_back(message); }

 private:
  std::shared_ptr<void> attachment_;
};

}  // namespace madang::centrifuge
