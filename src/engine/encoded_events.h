// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/room_slot.h"
#include "madang/engine/protocol.h"
#include "madang/room/event.h"

namespace madang {

// How messages come to a member.
enum class Deltas : std::uint8_t {
  kNone,
  kPatches,  // as patches, where they are smaller
  kWhole,    // whole, in the form of who reads deltas: for one that lacks the message before
};

// What a member's bytes look like. Members of a lane with the same format share them.
struct WireFormat {
  const Encoder* encoder = nullptr;  // the plain one, to which the one of deltas belongs
  Framing* framing = nullptr;
  bool announcements = false;
  Deltas deltas = Deltas::kNone;

  WireFormat whole() const { return {encoder, framing, announcements, Deltas::kWhole}; }

  friend bool operator==(const WireFormat&, const WireFormat&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const WireFormat& format) {
    return H::combine(std::move(state), format.encoder, format.framing, format.announcements,
                      format.deltas);
  }
};

// Events in one format: a frame each in one run of bytes, so that every part is valid by itself.
struct EncodedEvents {
  Payload bytes;
  std::vector<std::uint32_t> ends;  // where each event's frame ends

  // The frames of events [first, last).
  Payload frames(std::size_t first, std::size_t last) const {
    const std::size_t begin = first == 0 ? 0 : ends[first - 1];
    const std::size_t end = last == 0 ? 0 : ends[last - 1];
    return bytes.slice(begin, end - begin);
  }
};

// `encoder` is that of the format: the plain one, or the one of deltas.
EncodedEvents encode_events(const WireFormat& format, const Encoder& encoder, const RoomSlot& slot,
                            std::span<const EventRef> events);

// Pages that members catch up with, encoded: after a break a thousand of them ask for the same one.
// Bounded in bytes; when it is full it starts again. Touched by its lane alone.
class EncodeCache {
 public:
  explicit EncodeCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The encoded form of `events`, which are in order and not empty. Valid until the next call.
  const EncodedEvents& get(const WireFormat& format, const Encoder& encoder, const RoomSlot& slot,
                           std::span<const EventRef> events);

 private:
  struct Key {
    std::uint64_t incarnation;
    std::uint64_t first;
    std::uint64_t last;
    std::size_t count;
    WireFormat format;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.incarnation, key.first, key.last, key.count,
                        key.format);
    }
  };

  const std::size_t bytes_max_;
  absl::flat_hash_map<Key, EncodedEvents> pages_;
  std::size_t bytes_ = 0;
};

}  // namespace madang
