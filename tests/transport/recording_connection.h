// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "madang/engine/transport.h"

namespace madang {

// The engine's end: notes what it is told, and does what the test says.
class RecordingConnection final : public Connection {
 public:
  void received(std::string_view message, MessageKind kind) override {
    messages.emplace_back(message);
    kinds.push_back(kind);
    if (on_message) on_message();
  }
  void written(std::size_t bytes, bool done) override {
    written_bytes += bytes;
    written_done += done ? 1 : 0;
    if (on_written) on_written(done);
  }
  void closed(const CloseReason& reason) override {
    ++closings;
    closed_with = reason;
  }

  std::vector<std::string> messages;
  std::vector<MessageKind> kinds;
  std::size_t written_bytes = 0;
  int written_done = 0;
  int closings = 0;
  std::optional<CloseReason> closed_with;
  std::function<void()> on_message;
  std::function<void(bool)> on_written;
};

}  // namespace madang
