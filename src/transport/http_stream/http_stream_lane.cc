// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/http_stream/http_stream_lane.h"

#include <utility>

namespace madang {

Framing& HttpStreamLane::framing(StreamFormat format) {
  switch (format) {
    case StreamFormat::kLines:
      return lines_;
    case StreamFormat::kEvents:
      return events_;
    case StreamFormat::kBytes:
      break;
  }
  return bytes_;
}

std::shared_ptr<const HttpStreamLane::Site> HttpStreamLane::site(Site wanted) {
  HttpStreamLane& lane = *wanted.lane;
  for (const auto& known : lane.sites_) {
    auto site = known.lock();
    if (site != nullptr && site->name == wanted.name && site->origin == wanted.origin &&
        site->path == wanted.path) {
      return site;
    }
  }
  auto& place = lane.sites_[lane.next_site_];
  lane.next_site_ = (lane.next_site_ + 1) % kSitesMax;
  auto site = std::make_shared<const Site>(std::move(wanted));
  place = site;
  return site;
}

}  // namespace madang
