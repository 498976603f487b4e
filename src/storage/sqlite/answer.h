// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "madang/base/callback.h"

namespace madang::sqlite {

// A callback on its way to another thread. If it never gets there it is answered all the same.
template <typename Done>
class Answer {
 public:
  explicit Answer(Done done) : done_(std::move(done)) {}
  Answer(Answer&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (done_) done_(absl::UnavailableError("too many calls wait for the store"));
  }

  template <typename Result>
  void operator()(Result result) {
    std::exchange(done_, nullptr)(std::move(result));
  }

 private:
  Done done_;
};

}  // namespace madang::sqlite
