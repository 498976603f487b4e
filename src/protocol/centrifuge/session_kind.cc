// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/session_kind.h"

#include <array>
#include <cstddef>

namespace madang::centrifuge {

// The version is compared as a place in memory: it is promised to outlive the sessions, and a kind
// may be remembered for longer.
bool SessionKind::is(const Codec& codec, const SessionOptions& options) const {
  return &codec_ == &codec && options_.version.data() == options.version.data() &&
         options_.version.size() == options.version.size() &&
         options_.backlog_bytes_max == options.backlog_bytes_max &&
         options_.pushes_disconnect == options.pushes_disconnect;
}

SessionKind::Ref SessionKind::of(const Codec& codec, const SessionOptions& options) {
  thread_local std::array<Ref, 4> known;
  thread_local std::size_t next = 0;
  for (const Ref& kind : known) {
    if (kind != nullptr && kind->is(codec, options)) return kind->share();
  }
  Ref& place = known[next];
  next = (next + 1) % known.size();
  place.reset(new SessionKind(codec, options));
  return place->share();
}

}  // namespace madang::centrifuge
