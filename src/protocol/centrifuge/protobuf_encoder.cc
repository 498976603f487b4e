// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/protobuf_encoder.h"

#include "protocol/centrifuge/delta.h"
#include "protocol/centrifuge/protobuf_writer.h"
#include "protocol/centrifuge/wire_fields.h"

namespace madang::centrifuge {
namespace {

void encode_publication(std::string_view room, std::string_view epoch, const Event& event,
                        std::string_view data, bool is_patch, std::string& out) {
  const std::size_t about = about_bytes(event) - event.data.size() + data.size();
  ProtobufMessage reply(out, about + room.size());
  auto push = reply.message(field::kReplyPush, about + room.size());
  push.text(field::kPushChannel, room);
  auto publication = push.message(field::kPushPublication, about);
  write_publication(event, epoch, data, is_patch, publication);
}

void encode_info(std::string_view room, const ClientInfo& who, field::Number push_field,
                 field::Number info_field, std::string& out) {
  const std::size_t about = about_bytes(who);
  ProtobufMessage reply(out, about + room.size());
  auto push = reply.message(field::kReplyPush, about + room.size());
  push.text(field::kPushChannel, room);
  auto body = push.message(push_field, about);
  auto info = body.message(info_field, about);
  write_info(who, info);
}

}  // namespace

void ProtobufEncoder::encode(std::string_view room, std::string_view epoch, const Event& event,
                             std::string& out) const {
  switch (event.kind) {
    case EventKind::kMessage:
      return encode_publication(room, epoch, event, event.data.view(), false, out);
    case EventKind::kJoin:
      return encode_info(room, *event.info, field::kPushJoin, field::kJoinInfo, out);
    case EventKind::kLeave:
      return encode_info(room, *event.info, field::kPushLeave, field::kLeaveInfo, out);
  }
}

void ProtobufDeltaEncoder::encode(std::string_view room, std::string_view epoch, const Event& event,
                                  std::string& out) const {
  if (event.kind == EventKind::kMessage) {
    const std::string_view patch = patch_of(event, kProtobufPatchOverhead);
    if (!patch.empty()) return encode_publication(room, epoch, event, patch, true, out);
  }
  ProtobufEncoder().encode(room, epoch, event, out);
}

}  // namespace madang::centrifuge
