// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "madang/transport/http_stream/http_stream_transport.h"
#include "madang/transport/http_stream/stream_secret.h"

namespace madang {

// Where the streams of a server are, so that what a client hands in on one lane finds its session
// on another. Bounded by the server's connections, as each stream is one. Thread-safe.
class StreamTable {
 public:
  struct Place {
    std::size_t lane = 0;
    // To be looked at on that lane alone, so that no stream ends on another.
    std::weak_ptr<HttpStreamTransport> transport = {};
  };

  void add(const StreamSecret& secret, Place place);
  void remove(const StreamSecret& secret);
  std::optional<Place> find(const StreamSecret& secret);

 private:
  // In parts, so that a table that grows to a million streams stops nobody for long.
  static constexpr std::size_t kParts = 64;

  struct Part {
    std::mutex mutex;
    absl::flat_hash_map<StreamSecret, Place> places;
  };

  Part& part_of(const StreamSecret& secret) { return parts_[secret.bits() % kParts]; }

  std::array<Part, kParts> parts_;
};

}  // namespace madang
