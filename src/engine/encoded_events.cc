// SPDX-License-Identifier: Apache-2.0
#include "engine/encoded_events.h"

#include <string>

namespace madang {

EncodedEvents encode_events(const WireFormat& format, const Encoder& encoder, const RoomSlot& slot,
                            std::span<const EventRef> events) {
  EncodedEvents encoded;
  encoded.ends.reserve(events.size());
  std::string message;
  std::string frames;
  for (const EventRef& event : events) {
    if (event->kind == EventKind::kMessage || format.announcements) {
      message.clear();
      if (format.deltas == Deltas::kWhole && !event->before.empty()) {
        Event whole = *event;
        whole.before = Payload();
        encoder.encode(slot.name(), slot.epoch(), whole, message);
      } else {
        encoder.encode(slot.name(), slot.epoch(), *event, message);
      }
      format.framing->frame(message, frames);
    }
    encoded.ends.push_back(static_cast<std::uint32_t>(frames.size()));
  }
  encoded.bytes = Payload(frames);
  return encoded;
}

const EncodedEvents& EncodeCache::get(const WireFormat& format, const Encoder& encoder,
                                      const RoomSlot& slot, std::span<const EventRef> events) {
  const Key key{slot.incarnation, events.front()->number, events.back()->number, events.size(),
                format};
  const auto found = pages_.find(key);
  if (found != pages_.end()) return found->second;
  EncodedEvents encoded = encode_events(format, encoder, slot, events);
  const std::size_t bytes = encoded.bytes.size() + 4 * encoded.ends.size() + sizeof(Key) + 64;
  if (bytes_ + bytes > bytes_max_) {
    pages_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  return pages_.emplace(key, std::move(encoded)).first->second;
}

}  // namespace madang
