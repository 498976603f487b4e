// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/engine/protocol.h"
#include "madang/engine/session.h"
#include "protocol/centrifuge/codec.h"
#include "protocol/centrifuge/session_kind.h"

namespace madang::centrifuge {

// One client of the protocol, whatever its wire format: which command may come when, what waits,
// and what is answered.
//
//   kNew         only connect             -> kConnecting
//   kConnecting  commands wait            -> kConnected, kRefused
//   kConnected   all but connect
//   kRefused     nothing; a command closes the session
class ClientSession final : public ProtocolSession {
 public:
  explicit ClientSession(SessionKind::Ref kind) : kind_(std::move(kind)) {}

  void start(Session& session) override { session_ = &session; }
  void received(std::string_view message, MessageKind kind) override;
  void resume() override;

  const Encoder& encoder() const override { return codec().encoder(); }
  const Encoder* delta_encoder() const override { return codec().delta_encoder(); }
  bool json_only() const override { return codec().json_only(); }

  void push_message(const Payload& message) override;
  void push_join(std::string_view room, const JoinResult& result) override;
  void push_leave(std::string_view room, const LeaveReason& reason) override;
  void push_refresh(std::uint32_t ttl_s) override;
  void push_ping() override;
  void push_close(const CloseReason& reason) override;

 private:
  enum class State : std::uint8_t { kNew, kConnecting, kConnected, kRefused };

  const Codec& codec() const { return kind_->codec(); }
  const SessionOptions& options() const { return kind_->options(); }

  // --- Input ---------------------------------------------------------------------------------
  bool stopped() const { return stopped_ || session_->closing(); }
  bool takes_commands() const;
  std::string_view run(std::string_view commands);
  void keep(std::string_view message);
  void handle(Command command);
  bool may_come_now(const Command& command) const;
  bool admit(const Command& command);

  // --- Commands, one file of commands/ a group -----------------------------------------------
  void execute(std::uint32_t id, ConnectCommand command);
  void execute(std::uint32_t id, SubscribeCommand command);
  void execute(std::uint32_t id, UnsubscribeCommand command);
  void execute(std::uint32_t id, PublishCommand command);
  void execute(std::uint32_t id, PresenceCommand command);
  void execute(std::uint32_t id, PresenceStatsCommand command);
  void execute(std::uint32_t id, HistoryCommand command);
  void execute(std::uint32_t id, SendCommand command);
  void execute(std::uint32_t id, RpcCommand command);
  void execute(std::uint32_t id, RefreshCommand command);
  void execute(std::uint32_t id, SubRefreshCommand command);
  void execute(std::uint32_t id, PongCommand command);
  void execute(std::uint32_t id, PingCommand command);

  // Whether the room has a name that may be. If not, that has been answered.
  bool check_room(std::uint32_t id, std::string_view room);
  static void answer_from(const StreamPosition& since, JoinResult& joined);

  // --- Output --------------------------------------------------------------------------------
  void reply(std::uint32_t id, ReplyBody body);
  void refuse(std::uint32_t id, const absl::Status& status);
  void push(const Push& push);
  void close(const CloseReason& reason);

  // Answers a command with what `to_reply` makes of the result, or with its error.
  template <typename Result, typename ToReply>
  Callback<Result> answer(std::uint32_t id, ToReply to_reply) {
    return [this, id, to_reply = std::move(to_reply)](absl::StatusOr<Result> result) {
      if (!result.ok()) return refuse(id, result.status());
      reply(id, to_reply(*std::move(result)));
    };
  }

  const SessionKind::Ref kind_;
  Session* session_ = nullptr;

  State state_ = State::kNew;
  bool stopped_ = false;  // we have closed the session, or were told that it is being closed
  bool running_ = false;  // run() is on the stack

  // Commands that wait: what is in `text` from `begin` on.
  struct Backlog {
    std::string text;
    std::size_t begin = 0;
  };
  std::unique_ptr<Backlog> backlog_;  // null if none do
};

static_assert(sizeof(ClientSession) <= 40, "every idle connection holds one");

}  // namespace madang::centrifuge
