// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/protobuf_encoder.h"

#include "protocol/centrifuge/delta.h"
#include "protocol/centrifuge/protobuf_writer.h"
#include "protocol/centrifuge/wire_fields.h"

namespace madang::centrifuge {
namespace {

// Without a patch, which may be empty, the data goes whole.
void encode_publication(std::string_view room, std::string_view epoch, const Event& event,
                        std::string_view patch, std::string& out) {
  std::size_t about = about_bytes(event);
  if (!patch.empty()) about += patch.size() - event.data.size();
  ProtobufMessage reply(out, about + room.size());
  auto push = reply.message(field::kReplyPush, about + room.size());
  push.text(field::kPushChannel, room);
  auto publication = push.message(field::kPushPublication, about);
  if (patch.empty()) {
    write_publication(event, epoch, publication);
  } else {
    write_publication_patch(event, epoch, patch, publication);
  }
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
      return encode_publication(room, epoch, event, {}, out);
    case EventKind::kJoin:
      return encode_info(room, *event.info, field::kPushJoin, field::kJoinInfo, out);
    case EventKind::kLeave:
      return encode_info(room, *event.info, field::kPushLeave, field::kLeaveInfo, out);
  }
}

void ProtobufDeltaEncoder::encode(std::string_view room, std::string_view epoch, const Event& event,
                                  std::string& out) const {
  if (event.kind != EventKind::kMessage) return ProtobufEncoder().encode(room, epoch, event, out);
  encode_publication(room, epoch, event, patch_of(event, kPatchOverhead), out);
}

}  // namespace madang::centrifuge
