// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "clock.h"

namespace load {
namespace {

constexpr std::int64_t kInterval_ns = 200 * kMillisecond_ns;
constexpr int kWidth = 30;

}  // namespace

Progress::Progress(bool always) : is_shown_(always || isatty(STDERR_FILENO) == 1) {}

void Progress::start(std::string_view what) {
  what_ = what;
  started_ns_ = now_ns();
  drawn_ns_ = 0;
}

void Progress::show(double part, std::string_view note) {
  if (!is_shown_) return;
  const std::int64_t now = now_ns();
  if (now - drawn_ns_ < kInterval_ns) return;
  drawn_ns_ = now;
  is_drawn_ = true;
  part = std::clamp(part, 0.0, 1.0);
  const double spent_s = double(now - started_ns_) / 1e9;
  const std::string left =
      part > 0.01 ? fmt::format("{:.0f} s left", spent_s * (1 - part) / part) : "";
  const int filled = static_cast<int>(part * kWidth);
  fmt::print(stderr, "\r\033[K{:<12} [{:#<{}}{:.<{}}] {:3.0f} % {} {}", what_, "", filled, "",
             kWidth - filled, part * 100, left, note);
  std::fflush(stderr);
}

void Progress::clear() {
  if (!is_drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace load
