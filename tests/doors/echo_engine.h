// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/engine/engine.h"
#include "madang/transport/lanes.h"

namespace madang {

// A protocol that says nothing; EchoEngine looks at messages itself.
class NullProtocol final : public ProtocolSession {
 public:
  void start(Session&) override {}
  void received(std::string_view, MessageKind) override {}
  void resume() override {}
  const Encoder& encoder() const override { std::abort(); }
  bool json_only() const override { return false; }
  void push_message(const Payload&) override {}
  void push_join(std::string_view, const JoinResult&) override {}
  void push_leave(std::string_view, const LeaveReason&) override {}
  void push_refresh(std::uint32_t) override {}
  void push_ping() override {}
  void push_close(const CloseReason&) override {}
};

// What a Server needs of an engine: sessions that say "hello", send back what they get, and close
// (3001) when they get "close".
class EchoEngine final : public Engine {
 public:
  explicit EchoEngine(Lanes& lanes) : lanes_(lanes), sessions_of_(lanes.size()) {}

  std::atomic<bool> refuses = false;
  std::atomic<int> sessions = 0;
  std::atomic<int> attached = 0;
  std::atomic<std::uint32_t> last_closed_code = 0;

  Connection* attach(std::size_t lane, std::shared_ptr<Transport> transport,
                     std::unique_ptr<ProtocolSession>, Framing& framing,
                     CloseReason* refusal) override {
    if (refuses) {
      *refusal = kConnectionLimit;
      return nullptr;
    }
    auto session = std::make_unique<EchoSession>(*this, lane, std::move(transport), framing);
    Connection* const connection = session.get();
    session->say("hello");  // before the handshake is answered
    sessions_of_[lane].insert(std::move(session));
    ++sessions;
    ++attached;
    return connection;
  }

  std::size_t lanes() const override { return lanes_.size(); }
  Scheduler& scheduler(std::size_t lane) override { return lanes_.scheduler(lane); }
  const Limits& limits() const override { return limits_; }

  void drain(DrainOptions options, Task done) override {
    const auto left = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
    const auto shared_done = std::make_shared<Task>(std::move(done));
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      scheduler(lane).post([this, lane, left, shared_done, reason = options.reason] {
        while (!sessions_of_[lane].empty()) {
          (*sessions_of_[lane].begin())->close(reason);
        }
        if (--*left == 0) (*shared_done)();
      });
    }
  }

  // Not needed by a Server.
  void publish(std::string_view, Payload, PublishOptions, Callback<PublishResult>) override {}
  absl::StatusOr<std::vector<ClientInfoRef>> presence(std::string_view) override { return none(); }
  absl::StatusOr<PresenceStats> presence_stats(std::string_view) override { return none(); }
  void history(std::string_view, HistoryQuery, Callback<HistoryResult>) override {}
  void remove_history(std::string_view, StatusCallback) override {}
  absl::Status refresh_user(const UserSessions&, std::optional<WallTime>) override { std::abort(); }
  absl::StatusOr<std::vector<RoomFacts>> rooms(std::string_view) override { std::abort(); }
  absl::Status send_to_user(const UserSessions&, Payload) override { return none(); }
  absl::Status join_user(const UserSessions&, std::string_view, JoinOptions) override {
    return none();
  }
  absl::Status leave_user(const UserSessions&, std::string_view, const LeaveReason&) override {
    return none();
  }
  absl::Status disconnect_user(const UserSessions&, const CloseReason&) override { return none(); }
  EngineCounters counters() const override { return {}; }
  EngineCounters counters_now() override { return {}; }
  StorageState storage_state() const override { return {}; }

 private:
  class EchoSession final : public Connection {
   public:
    EchoSession(EchoEngine& engine, std::size_t lane, std::shared_ptr<Transport> transport,
                Framing& framing)
        : engine_(engine), lane_(lane), transport_(std::move(transport)), framing_(framing) {}

    void say(std::string_view message) {
      std::string frame;
      framing_.frame(message, frame);
      const Payload payload(frame);
      if (transport_->write({&payload, 1}) == WriteResult::kPending) transport_->pause_reading();
    }

    void received(std::string_view message, MessageKind) override {
      if (message == "close") return close(kShutdown);
      say(message);
    }
    void written(std::size_t, bool done) override {
      if (done) transport_->resume_reading();
    }
    void closed(const CloseReason& reason) override {
      engine_.last_closed_code = reason.code;
      engine_.forget(lane_, this);
    }
    void close(const CloseReason& reason) {
      transport_->close(reason);
      engine_.forget(lane_, this);
    }

   private:
    EchoEngine& engine_;
    const std::size_t lane_;
    const std::shared_ptr<Transport> transport_;
    Framing& framing_;
  };

  struct ByAddress {
    using is_transparent = void;
    static const void* address(const EchoSession* session) { return session; }
    static const void* address(const std::unique_ptr<EchoSession>& session) {
      return session.get();
    }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return std::less<>()(address(a), address(b));
    }
  };

  static absl::Status none() { return absl::UnimplementedError("only an echo"); }

  // The session may be in the middle of a call.
  void forget(std::size_t lane, EchoSession* session) {
    auto node = sessions_of_[lane].extract(sessions_of_[lane].find(session));
    scheduler(lane).post([this, node = std::move(node)] { --sessions; });
  }

  Lanes& lanes_;
  const Limits limits_;
  std::vector<std::set<std::unique_ptr<EchoSession>, ByAddress>> sessions_of_;
};

}  // namespace madang
