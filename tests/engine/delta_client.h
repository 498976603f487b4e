// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/fixture.h"
#include "madang/base/fossil_delta.h"

namespace madang::testing {

// "=<data>" for a message and "~<patch>" for one as a patch, nothing of use for who comes and goes.
class DeltaWordEncoder final : public Encoder {
 public:
  void encode(std::string_view, std::string_view, const Event& event,
              std::string& out) const override {
    ++encoded;
    std::string patch;
    if (event.kind != EventKind::kMessage) {
      out += '+';
    } else if (!event.before.empty() &&
               FossilDeltaEncoder().encode(event.before.view(), event.data.view(), patch)) {
      out.append("~").append(patch);
    } else {
      out.append("=").append(event.data.view());
    }
  }
  mutable std::size_t encoded = 0;
};

class DeltaWordSession final : public WordSession {
 public:
  DeltaWordSession() : WordSession(true) {}
  const Encoder& encoder() const override { return plain; }
  const Encoder* delta_encoder() const override { return &deltas; }

  static inline WordEncoder plain;
  static inline DeltaWordEncoder deltas;
};

// A client that reads deltas of "room", and finds out when it is given a patch of a message that it
// does not have.
class DeltaClient {
 public:
  DeltaClient(World& world, std::string user,
              std::size_t window_bytes = MemoryTransport::kEndlessBytes) {
    client_.transport = std::make_shared<MemoryTransport>(window_bytes);
    auto protocol = std::make_unique<DeltaWordSession>();
    client_.protocol = protocol.get();
    client_.connection = world.engine().attach(0, client_.transport, std::move(protocol),
                                               world.framing, &world.refusal);
    client_.transport->bind(client_.connection);
    REQUIRE(client_.connect(std::move(user)).ok());
  }

  Session& session() const { return client_.session(); }

  struct Join {
    bool asks = true;
    std::optional<std::uint64_t> offset = {};  // to recover from
  };
  // Whether deltas are agreed to.
  bool join() { return join(Join()); }
  bool join(const Join& how) {
    JoinCommand command;
    command.request.room = "room";
    command.request.delta = how.asks;
    if (how.offset) command.since = StreamPosition{*how.offset, ""};
    session().join_command(std::move(command), [this](absl::StatusOr<JoinResult> joined) {
      REQUIRE(joined.ok());
      reads_deltas_ = joined->delta;
      previous_.reset();
      for (std::size_t i = 0; i < joined->messages.size(); ++i) {
        take_recovered(*joined->messages[i],
                       i > 0 && follows(cursor_at(*joined->messages[i - 1]), *joined->messages[i]));
      }
    });
    return reads_deltas_;
  }
  void leave() const { REQUIRE(client_.leave("room")->ok()); }

  // The data of all messages since the last call.
  std::vector<std::string> read(std::size_t bytes_max = MemoryTransport::kEndlessBytes) {
    for (const std::string& frame : client_.transport->read(bytes_max)) {
      if (!reads_deltas_) {
        got_.push_back(frame.substr(frame.find('{')));
      } else if (frame[0] == '=') {
        take_whole(frame.substr(1));
      } else if (frame[0] == '~') {
        REQUIRE(previous_);
        const auto data =
            apply_fossil_delta(*previous_, std::string_view(frame).substr(1), 1 << 20);
        REQUIRE_MESSAGE(data.ok(), data.status().ToString());
        ++patches;
        got_.push_back(*data);
        previous_ = *data;
      }
    }
    return std::exchange(got_, {});
  }

  std::size_t whole = 0;
  std::size_t patches = 0;

 private:
  void take_whole(std::string data) {
    ++whole;
    got_.push_back(data);
    previous_ = std::move(data);
  }
  // As a codec would, which makes a patch of what follows in the list.
  void take_recovered(const Event& message, bool follows_last) {
    if (!follows_last || message.before.empty())
      return take_whole(std::string(message.data.view()));
    CHECK(*previous_ == message.before.view());
    ++patches;
    got_.emplace_back(message.data.view());
    previous_ = got_.back();
  }

  Client client_;
  bool reads_deltas_ = false;
  std::optional<std::string> previous_;
  std::vector<std::string> got_;
};

}  // namespace madang::testing
