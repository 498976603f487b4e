// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "madang/transport/byte_stream.h"

namespace madang {

// A ByteStream whose other end is the test: a wire with room for `window` bytes.
class MemoryStream final : public ByteStream {
 public:
  static constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

  // --- The test, as the peer and the network -------------------------------------------------
  std::size_t window = kEndless;
  bool fails = false;  // the next writes

  // What the peer sends. Waits while reading is paused.
  void send(std::string_view bytes) {
    incoming_ += bytes;
    pump();
  }
  void pump() {
    if (paused_ || ended_ || incoming_.empty()) return;
    std::string chunk = std::exchange(incoming_, {});
    const auto handler = handler_;
    handler->received({chunk.data(), chunk.size()});
  }

  // Takes what the peer has got, which makes room on the wire.
  std::string take() {
    std::string taken = std::exchange(wire_, {});
    move_pending();
    return taken;
  }

  // The same until nothing more comes.
  std::string take_all() {
    std::string all;
    for (std::string part = take(); !part.empty(); part = take()) {
      all += part;
    }
    return all;
  }

  void hang_up() {
    if (std::exchange(ended_, true)) return;
    const auto handler = handler_;
    handler->closed();
  }

  bool paused() const { return paused_; }
  bool aborted() const { return aborted_; }
  bool closed_gently() const { return closed_gently_; }
  bool ended() const { return ended_; }
  std::size_t unread() const { return incoming_.size(); }
  std::size_t rules_broken() const { return rules_broken_; }

  // --- ByteStream ----------------------------------------------------------------------------
  void set_handler(std::shared_ptr<ByteStreamHandler> handler) override {
    handler_ = std::move(handler);
  }

  WriteResult write(std::span<const Payload> payloads) override {
    if (!pending_.empty() || failed_ || ended_) ++rules_broken_;
    if (fails) {
      failed_ = true;
      return WriteResult::kFailed;
    }
    for (const Payload& payload : payloads) {
      pending_ += payload.view();
    }
    fill_wire();
    return pending_.empty() ? WriteResult::kDone : WriteResult::kPending;
  }

  std::size_t pending_bytes() const override { return pending_.size(); }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override { paused_ = false; }
  void close_after_flush(Duration) override {
    if (ended_) ++rules_broken_;
    ended_ = closed_gently_ = true;
  }
  void abort() override {
    if (ended_) ++rules_broken_;
    ended_ = aborted_ = true;
  }
  PeerAddress peer_address() const override { return peer_address_; }

 private:
  std::size_t fill_wire() {
    const std::size_t room = window - std::min(window, wire_.size());
    const std::size_t moved = std::min(room, pending_.size());
    wire_.append(pending_, 0, moved);
    pending_.erase(0, moved);
    return moved;
  }

  void move_pending() {
    const std::size_t moved = fill_wire();
    if (moved == 0 || ended_) return;
    const auto handler = handler_;
    handler->written(moved, pending_.empty());
  }

  const PeerAddress peer_address_ = PeerAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 1});
  std::shared_ptr<ByteStreamHandler> handler_;
  std::string incoming_;
  std::string pending_;
  std::string wire_;
  bool paused_ = false;
  bool ended_ = false;
  bool aborted_ = false;
  bool closed_gently_ = false;
  bool failed_ = false;
  std::size_t rules_broken_ = 0;
};

}  // namespace madang
