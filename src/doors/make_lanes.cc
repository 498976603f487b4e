// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/make_lanes.h"

#include <system_error>
#include <utility>

#include "madang/transport/asio/asio_lanes.h"
#ifdef MADANG_HAS_URING
#include "madang/transport/uring/uring_lanes.h"
#endif

namespace madang {

namespace {

absl::StatusOr<std::unique_ptr<Lanes>> make_uring([[maybe_unused]] const LanesOptions& options) {
#ifdef MADANG_HAS_URING
  return UringLanes::create(options);
#else
  return absl::UnavailableError("madang was built without liburing");
#endif
}

absl::StatusOr<std::unique_ptr<Lanes>> make_asio(LanesOptions options) {
  try {
    return std::make_unique<AsioLanes>(std::move(options));
  } catch (const std::system_error& error) {
    return absl::UnavailableError(error.what());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Lanes>> make_lanes(LanesKind kind, LanesOptions options) {
  if (kind != LanesKind::kAsio) {
    auto lanes = make_uring(options);
    if (lanes.ok() || kind == LanesKind::kUring) return lanes;
  }
  return make_asio(std::move(options));
}

}  // namespace madang
