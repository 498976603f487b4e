// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/client_session.h"

#include <cassert>
#include <variant>

#include "madang/engine/engine.h"

namespace madang::centrifuge {

void ClientSession::received(std::string_view message, MessageKind kind) {
  assert(!running_);
  if (stopped()) return;
  if (kind != codec().message_kind()) return close(kInappropriateProtocol);
  if (message.empty()) return close(kBadRequest);
  if (backlog_ != nullptr || !takes_commands()) return keep(message);

  const auto left = run(message);
  if (!left.empty() && !stopped()) keep(left);
}

void ClientSession::resume() {
  if (running_ || backlog_ == nullptr || !takes_commands()) return;
  auto backlog = std::move(backlog_);
  const auto left = run(std::string_view(backlog->text).substr(backlog->begin));
  if (left.empty() || stopped()) return;
  backlog->begin = backlog->text.size() - left.size();
  backlog_ = std::move(backlog);
}

bool ClientSession::takes_commands() const {
  return !stopped() && state_ != State::kConnecting && session_->wants_input();
}

// Returns what has to wait.
std::string_view ClientSession::run(std::string_view commands) {
  running_ = true;
  while (!commands.empty() && takes_commands()) {
    Command command;
    if (codec().read(commands, command)) {
      handle(std::move(command));
    } else {
      close(kBadRequest);
    }
  }
  running_ = false;
  return commands;
}

void ClientSession::keep(std::string_view message) {
  if (backlog_ == nullptr) {
    backlog_ = std::make_unique<Backlog>();
    return codec().append(message, backlog_->text);
  }
  const auto kept = backlog_->text.size() - backlog_->begin;
  if (kept + message.size() > options().backlog_bytes_max) return close(kTooManyRequests);
  backlog_->text.erase(0, std::exchange(backlog_->begin, 0));
  codec().append(message, backlog_->text);
}

void ClientSession::handle(Command command) {
  if (!may_come_now(command)) return close(kBadRequest);
  if (!std::holds_alternative<PongCommand>(command.body) && !admit(command)) return;
  std::visit([&](auto& body) { execute(command.id, std::move(body)); }, command.body);
}

bool ClientSession::may_come_now(const Command& command) const {
  const bool connects = std::holds_alternative<ConnectCommand>(command.body);
  if (state_ == State::kRefused || connects != (state_ == State::kNew)) return false;
  return command.id != 0 || std::holds_alternative<SendCommand>(command.body) ||
         std::holds_alternative<PongCommand>(command.body);
}

bool ClientSession::admit(const Command& command) {
  switch (session_->admit_command()) {
    case Admission::kGo:
      return true;
    case Admission::kRefuse:
      if (std::holds_alternative<SendCommand>(command.body)) return false;  // has no answer
      if (state_ == State::kNew) state_ = State::kRefused;
      refuse(command.id, absl::ResourceExhaustedError("too many commands"));
      return false;
    case Admission::kStop:
      stopped_ = true;
      return false;
  }
  return false;
}

void ClientSession::execute(std::uint32_t, PongCommand) {
  if (!session_->pong_received().ok()) close(kBadRequest);
}

// The protocol knows it, but only servers ping.
void ClientSession::execute(std::uint32_t, PingCommand) { close(kBadRequest); }

bool ClientSession::check_room(std::uint32_t id, std::string_view room) {
  if (room.empty()) {
    close(kBadRequest);
    return false;
  }
  if (room.size() > session_->engine().limits().room_name_bytes_max) {
    refuse(id, absl::InvalidArgumentError("room name too long"));
    return false;
  }
  return true;
}

// A session that is being closed is answered no more: an error would reach the client before the
// reason of the close, and the client would act on the error.
void ClientSession::reply(std::uint32_t id, ReplyBody body) {
  if (stopped()) return;
  std::string out;
  const CommandReply reply{id, std::move(body)};
  if (codec().write(reply, out)) return session_->write_message(out);

  const auto error = absl::InternalError("the host answered with a payload of another format");
  if (std::holds_alternative<RpcReply>(reply.body)) return refuse(id, error);
  close(kInternalError);
}

void ClientSession::refuse(std::uint32_t id, const absl::Status& status) {
  reply(id, error_reply_of(status));
  if (!stopped() && session_->count_error() == Admission::kStop) stopped_ = true;
}

void ClientSession::push(const Push& push) {
  if (stopped()) return;
  std::string out;
  if (!codec().write(push, out)) return close(kInternalError);
  session_->write_message(out);
}

void ClientSession::close(const CloseReason& reason) {
  stopped_ = true;
  session_->close(reason);
}

void ClientSession::push_message(const Payload& message) { push(MessagePush{message}); }

// The push itself carries no messages: what was missed follows, and the position is the one before
// it.
void ClientSession::push_join(std::string_view room, const JoinResult& result) {
  auto position = result.position;
  const bool catches_up = position && result.recovered && !result.messages.empty();
  if (catches_up) position->offset = result.messages.front()->offset - 1;
  push(SubscribePush{room, position, result.data});
  if (!catches_up) return;
  for (const auto& event : result.messages) {
    if (stopped()) return;
    std::string out;
    encoder().encode(room, position->epoch, *event, out);
    session_->write_message(out);
  }
}

void ClientSession::push_leave(std::string_view room, const LeaveReason& reason) {
  if (reason.code == kLeftByClient.code || reason.code == kLeftWithSession.code) return;
  push(UnsubscribePush{room, reason});
}

void ClientSession::push_refresh(std::uint32_t ttl_s) { push(RefreshPush{ttl_s}); }

void ClientSession::push_ping() { push(PingPush{}); }

void ClientSession::push_close(const CloseReason& reason) {
  if (!options().pushes_disconnect) return;
  std::string out;
  if (codec().write(DisconnectPush{reason}, out)) session_->write_message(out);
}

}  // namespace madang::centrifuge
