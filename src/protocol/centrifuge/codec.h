// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "madang/engine/protocol.h"
#include "protocol/centrifuge/command.h"
#include "protocol/centrifuge/reply.h"

namespace madang::centrifuge {

// One wire format of the protocol. Without state, so that one object serves all sessions. All of it
// may run on any thread, several at once.
class Codec {
 public:
  virtual ~Codec() = default;

  // Takes the first command off `commands`, which are not empty, and reads it. False if it is none;
  // `commands` are then of no more use.
  virtual bool read(std::string_view& commands, Command& command) const = 0;

  // What its messages come as. One of the other kind is none of this format.
  virtual MessageKind message_kind() const = 0;

  // Appends a message to `backlog`, so that the commands of both can be read one after the other:
  // what is cut off in one message takes nothing from the next.
  virtual void append(std::string_view message, std::string& backlog) const = 0;

  // Append one message to `out`. False if it would carry a payload of the host that this format
  // cannot; `out` is then of no more use.
  virtual bool write(const CommandReply& reply, std::string& out) const = 0;
  virtual bool write(const Push& push, std::string& out) const = 0;

  virtual const Encoder& encoder() const = 0;
  // Null: the format has no deltas.
  virtual const Encoder* delta_encoder() const { return nullptr; }
  virtual bool json_only() const = 0;
};

}  // namespace madang::centrifuge
