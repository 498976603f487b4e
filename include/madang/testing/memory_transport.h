// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/engine/protocol.h"
#include "madang/engine/transport.h"

namespace madang {

// Four bytes of length, the highest first, and then the message.
class LengthFraming : public Framing {
 public:
  void frame(std::string_view message, std::string& out) override {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += static_cast<char>(message.size() >> shift & 0xff);
    }
    out += message;
  }

  // Takes the whole messages at the front of `bytes` out of it.
  static std::vector<std::string> take_messages(std::string& bytes) {
    std::vector<std::string> messages;
    std::size_t at = 0;
    while (bytes.size() - at >= 4) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i)
        size = size << 8 | static_cast<std::uint8_t>(bytes[at + i]);
      if (bytes.size() - at - 4 < size) break;
      messages.push_back(bytes.substr(at + 4, size));
      at += 4 + size;
    }
    bytes.erase(0, at);
    return messages;
  }
};

// A connection whose other end is the test: a wire that holds `window_bytes`, and a peer that reads
// from it as much as the test says, or nothing, or is gone. Both ends are used by one thread, where
// the lane may be called. The frames are LengthFraming's.
class MemoryTransport : public Transport {
 public:
  static constexpr std::size_t kEndlessBytes = std::numeric_limits<std::size_t>::max();

  explicit MemoryTransport(std::size_t window_bytes = kEndlessBytes)
      : window_bytes_(window_bytes) {}

  // --- The test, as the peer -----------------------------------------------------------------
  // What Engine::attach answered. First of all.
  void bind(Connection* connection) { connection_ = connection; }

  // Sends a message to the engine. While the engine has paused reading it waits, and so do those
  // behind it, until pump() or the next send().
  void send(std::string_view message, MessageKind kind = MessageKind::kText) {
    to_engine_.emplace_back(message, kind);
    pump();
  }
  void pump() {
    while (connection_ != nullptr && !paused_ && !vanished_ && !to_engine_.empty()) {
      const auto [message, kind] = std::move(to_engine_.front());
      to_engine_.pop_front();
      connection_->received(message, kind);
    }
  }
  std::size_t unsent() const { return to_engine_.size(); }

  // Reads at most `bytes_max` from the wire, which lets as many more onto it, and answers the
  // messages that are whole by now.
  std::vector<std::string> read(std::size_t bytes_max = kEndlessBytes) {
    while (bytes_max > 0 && !wire_.empty() && !vanished_) {
      const auto size = std::min(bytes_max, wire_.size());
      bytes_max -= size;
      read_.append(wire_, 0, size);
      wire_.erase(0, size);
      refill();
    }
    return LengthFraming::take_messages(read_);
  }

  // Ends the connection from this side.
  void hang_up(const CloseReason& reason = kClosed) {
    ended_ = true;
    if (auto* connection = std::exchange(connection_, nullptr)) connection->closed(reason);
  }

  // The peer is gone and nobody notices: it neither reads nor sends from now on.
  void vanish() { vanished_ = true; }

  // The next write answers kFailed. hang_up() should follow, as it would from a real socket.
  void fail_next_write() { fails_next_ = true; }

  // --- What happened -------------------------------------------------------------------------
  // What the engine closed the connection with, if it did.
  const std::optional<CloseReason>& close_reason() const { return close_reason_; }
  // Whether either side has ended the connection.
  bool ended() const { return ended_; }
  bool reading_paused() const { return paused_; }
  bool write_failed() const { return failed_; }

  std::size_t writes() const { return writes_; }
  std::size_t payloads_written() const { return payloads_written_; }
  // Accepted from the engine, whether or not the peer has read it.
  std::uint64_t bytes_written() const { return bytes_written_; }
  // How often the engine did what Transport forbids.
  std::size_t rules_broken() const { return rules_broken_; }

  // The messages that the engine has handed over, in a write that failed too, and that the peer
  // will not read any more.
  std::vector<std::string> take_unread() {
    std::string bytes = std::exchange(read_, {}) + std::exchange(wire_, {});
    for (const auto& payload : std::exchange(pending_, {})) {
      bytes += payload.view();
    }
    bytes += std::exchange(failed_bytes_, {});
    return LengthFraming::take_messages(bytes);
  }

  // --- Transport -----------------------------------------------------------------------------
  WriteResult write(std::span<const Payload> payloads) override {
    ++writes_;
    if (close_reason_ || failed_ || !pending_.empty() || payloads.size() > kWritePayloadsMax) {
      ++rules_broken_;
    }
    if (fails_next_ || ended_) {
      failed_ = true;
      for (const auto& payload : payloads) {
        failed_bytes_ += payload.view();
      }
      return WriteResult::kFailed;
    }
    payloads_written_ += payloads.size();
    for (const auto& payload : payloads) {
      bytes_written_ += payload.size();
      pending_.push_back(payload);
    }
    fill_wire();
    return pending_.empty() ? WriteResult::kDone : WriteResult::kPending;
  }

  void pause_reading() override {
    if (close_reason_) ++rules_broken_;
    paused_ = true;
  }
  void resume_reading() override {
    if (close_reason_) ++rules_broken_;
    paused_ = false;
  }

  void close(const CloseReason& reason) override {
    if (close_reason_) ++rules_broken_;
    close_reason_ = reason;
    ended_ = true;
    connection_ = nullptr;
  }

  const TransportInfo& info() const override { return info_; }

 private:
  // Moves what is pending onto the wire as far as that has room; answers how many bytes those were.
  std::size_t fill_wire() {
    std::size_t moved = 0;
    while (!pending_.empty() && wire_.size() < window_bytes_) {
      Payload& front = pending_.front();
      const auto size = std::min(front.size(), window_bytes_ - wire_.size());
      wire_ += front.view().substr(0, size);
      moved += size;
      if (size == front.size()) {
        pending_.pop_front();
      } else {
        front = front.slice(size, front.size() - size);
      }
    }
    return moved;
  }

  void refill() {
    const auto moved = fill_wire();
    if (moved > 0 && connection_ != nullptr) connection_->written(moved, pending_.empty());
  }

  const std::size_t window_bytes_;
  const TransportInfo info_{.name = "memory", .address = "peer", .origin = "", .path = ""};
  Connection* connection_ = nullptr;

  std::deque<std::pair<std::string, MessageKind>> to_engine_;
  std::deque<Payload> pending_;
  std::string wire_;
  std::string failed_bytes_;
  std::string read_;  // the start of a message whose end has not been read

  bool paused_ = false;
  bool ended_ = false;
  bool vanished_ = false;
  bool fails_next_ = false;
  bool failed_ = false;
  std::optional<CloseReason> close_reason_;

  std::size_t writes_ = 0;
  std::size_t payloads_written_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::size_t rules_broken_ = 0;
};

}  // namespace madang
