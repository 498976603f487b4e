// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/http_stream/http_stream_lane.h"

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

}  // namespace madang
