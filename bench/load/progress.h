// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace load {

// A bar on standard error with the time left, drawn a few times a second, if somebody sits there.
class Progress {
 public:
  explicit Progress(bool always);
  ~Progress() { clear(); }

  // A new piece of work, named `what`.
  void start(std::string_view what);
  // `part`: how much of it is done, 0 to 1.
  void show(double part, std::string_view note = {});
  void clear();

 private:
  const bool is_shown_;
  bool is_drawn_ = false;
  std::string_view what_;
  std::int64_t started_ns_ = 0;
  std::int64_t drawn_ns_ = 0;
};

}  // namespace load
