// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "madang/base/counters.h"
#include "madang/base/scheduler.h"
#include "madang/base/time.h"
#include "madang/transport/http_stream/http_stream_framing.h"
#include "madang/transport/lane_sites.h"

namespace madang {

// The bounds of every stream.
struct HttpStreamOptions {
  // What a client may hand in while its session takes no input. Over it: refused.
  std::size_t waiting_bytes_max = 128 * 1024;

  // How long the end of a stream may take, from the last message to the peer's end. Longer: the
  // connection is cut.
  Duration close_timeout = std::chrono::seconds(5);
};

// How streams of a lane were ended. Written on the lane, read anywhere.
struct HttpStreamCounters {
  LaneCounter unexpected_bytes;  // the peer sent something after its request
  LaneCounter close_timeouts;    // the peer did not take what was left
};

// What the streams of one lane share. Belongs to its lane, but for `counters`.
class HttpStreamLane {
 public:
  // `scheduler` outlives this object. `node` is what clients are told of whom to hand in to.
  HttpStreamLane(Scheduler& scheduler, const HttpStreamOptions& options, std::string node)
      : scheduler_(scheduler), options_(options), node_(std::move(node)) {}
  HttpStreamLane(const HttpStreamLane&) = delete;
  HttpStreamLane& operator=(const HttpStreamLane&) = delete;

  // Shared by all streams of the format; as long as this object.
  Framing& framing(StreamFormat format);

  // What is told of a stream, and the same for most.
  struct Page {
    std::string name;
    std::string origin;
    std::string path;
    bool operator==(const Page&) const = default;
  };
  using Sites = LaneSites<HttpStreamLane, Page>;
  Sites& sites() { return sites_; }

  Scheduler& scheduler() { return scheduler_; }
  const HttpStreamOptions& options() const { return options_; }
  const std::string& node() const { return node_; }

  HttpStreamCounters counters;

 private:
  Scheduler& scheduler_;
  const HttpStreamOptions options_;
  const std::string node_;
  HttpStreamFraming lines_{StreamFormat::kLines};
  HttpStreamFraming events_{StreamFormat::kEvents};
  HttpStreamFraming bytes_{StreamFormat::kBytes};
  Sites sites_;
};

}  // namespace madang
