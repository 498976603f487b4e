// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "madang/protocol/centrifuge/json_encoder.h"
#include "protocol/centrifuge/codec.h"

namespace madang::centrifuge {

// Commands and replies as lines of JSON. One line break separates two; one after the last is
// allowed.
class JsonCodec final : public Codec {
 public:
  bool read(std::string_view& commands, Command& command) const override;
  MessageKind message_kind() const override { return MessageKind::kText; }
  void append(std::string_view message, std::string& backlog) const override;
  bool write(const CommandReply& reply, std::string& out) const override;
  bool write(const Push& push, std::string& out) const override;
  const Encoder& encoder() const override { return encoder_; }
  const Encoder* delta_encoder() const override { return &delta_encoder_; }
  bool json_only() const override { return true; }

 private:
  JsonEncoder encoder_;
  JsonDeltaEncoder delta_encoder_;
};

}  // namespace madang::centrifuge
