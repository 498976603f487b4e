// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "madang/engine.h"

// What a client of this server reads: a line for each message.
struct LineFormat : madang::Encoder, madang::Framing {
  void encode(std::string_view room, std::string_view, const madang::Event& event,
              std::string& out) const override {
    out.append(room).append("> ").append(event.data.view());
  }
  void frame(std::string_view message, std::string& out) override { out.append(message) += '\n'; }
};

// One socket as the engine writes to it.
class LineTransport : public madang::Transport {
 public:
  explicit LineTransport(int fd) : fd_(fd) { info_.name = "lines"; }
  ~LineTransport() override { ::close(fd_); }

  // Sends at once what the socket takes and keeps the rest, which is a reference, not a copy.
  madang::WriteResult write(std::span<const madang::Payload> payloads) override {
    waiting_.assign(payloads.begin(), payloads.end());
    send_waiting();
    if (failed_) return madang::WriteResult::kFailed;
    return waiting_.empty() ? madang::WriteResult::kDone : madang::WriteResult::kPending;
  }
  std::size_t send_waiting() {
    std::size_t sent = 0;
    while (!waiting_.empty()) {
      madang::Payload& next = waiting_.front();
      const ssize_t n = ::send(fd_, next.data(), next.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) {
        failed_ = errno != EAGAIN;
        break;
      }
      sent += static_cast<std::size_t>(n);
      next = next.slice(static_cast<std::size_t>(n), next.size() - static_cast<std::size_t>(n));
      if (next.empty()) waiting_.erase(waiting_.begin());
    }
    return sent;
  }
  bool has_waiting() const { return !waiting_.empty(); }

  void pause_reading() override { reading_ = false; }
  void resume_reading() override { reading_ = true; }
  bool reading() const { return reading_; }
  void close(const madang::CloseReason&) override { closed_ = true; }
  bool closed() const { return closed_; }
  const madang::TransportInfo& info() const override { return info_; }

 private:
  const int fd_;
  madang::TransportInfo info_;
  std::vector<madang::Payload> waiting_;
  bool reading_ = true;
  bool closed_ = false;
  bool failed_ = false;
};

// What its lines mean: "join ROOM", "leave ROOM" and "say ROOM TEXT".
class LineProtocol : public madang::ProtocolSession {
 public:
  explicit LineProtocol(const LineFormat& format) : format_(format) {}

  void start(madang::Session& session) override {
    session_ = &session;
    session.connect_command({}, [this](auto result) { answer("connect", result.status()); });
  }

  void received(std::string_view line, madang::MessageKind) override {
    // The bucket bounds how fast one client may ask.
    const auto admission = session_->admit_command();
    if (admission == madang::Admission::kStop) return;
    if (admission == madang::Admission::kRefuse) return session_->write_message("! slow down");

    const std::string_view command = take_word(line);
    const std::string room(take_word(line));
    const auto done = [this, command = std::string(command)](auto result) {
      answer(command, result.status());
    };
    if (command == "join") {
      madang::JoinCommand join;
      join.request.room = room;
      session_->join_command(std::move(join), done);
    } else if (command == "leave") {
      session_->leave_command(room, done);
    } else if (command == "say") {
      session_->publish_command({room, line}, done);
    } else {
      session_->write_message("! join ROOM, leave ROOM or say ROOM TEXT");
    }
  }
  void resume() override {}

  const madang::Encoder& encoder() const override { return format_; }
  bool json_only() const override { return false; }
  void push_message(const madang::Payload& message) override {
    session_->write_message(message.view());
  }
  void push_join(std::string_view, const madang::JoinResult&) override {}
  void push_leave(std::string_view room, const madang::LeaveReason& reason) override {
    session_->write_message(std::string("! out of ").append(room) + ": " +
                            std::string(reason.text));
  }
  void push_refresh(std::uint32_t) override {}
  // Lines have no ping; TCP keep-alive would be this server's answer to silent clients.
  void push_ping() override {}
  void push_close(const madang::CloseReason& reason) override {
    session_->write_message("! bye: " + std::string(reason.text));
  }

 private:
  static std::string_view take_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
  }
  void answer(std::string_view command, const absl::Status& status) {
    std::string line(status.ok() ? "ok " : "! ");
    line += command;
    if (!status.ok()) line.append(": ").append(status.message().data(), status.message().size());
    session_->write_message(line);
  }

  const LineFormat& format_;
  madang::Session* session_ = nullptr;
};
