// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "madang/protocol/centrifuge/session_options.h"
#include "protocol/centrifuge/codec.h"

namespace madang::centrifuge {

// What the sessions of one kind have in common. They share it, because each of a million idle ones
// would otherwise hold a copy; and it counts them itself, because a std::shared_ptr is twice as
// large as what they hold instead. Immutable but for that count.
class SessionKind {
 public:
  struct Release {
    void operator()(const SessionKind* kind) const {
      if (kind->users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete kind;
    }
  };
  using Ref = std::unique_ptr<const SessionKind, Release>;

  // A kind with these properties, shared with earlier calls of this thread as far as a few are
  // remembered. `codec` outlives it.
  static Ref of(const Codec& codec, const SessionOptions& options);

  const Codec& codec() const { return codec_; }
  const SessionOptions& options() const { return options_; }

 private:
  SessionKind(const Codec& codec, const SessionOptions& options)
      : codec_(codec), options_(options) {}

  Ref share() const {
    users_.fetch_add(1, std::memory_order_relaxed);
    return Ref(this);
  }
  bool is(const Codec& codec, const SessionOptions& options) const;

  const Codec& codec_;
  const SessionOptions options_;
  mutable std::atomic<std::uint64_t> users_{1};
};

}  // namespace madang::centrifuge
