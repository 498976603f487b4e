// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/base/callback.h"
#include "madang/base/time.h"
#include "storage/postgres/connection.h"

namespace madang::postgres {

// A callback that is called once, whatever happens: who drops it unanswered answers Unavailable.
template <typename Answer>
class Reply {
 public:
  explicit Reply(absl::AnyInvocable<void(Answer)> done) : done_(std::move(done)) {}
  Reply(Reply&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
  Reply& operator=(Reply&&) = delete;
  ~Reply() { (*this)(absl::UnavailableError("the store is gone")); }

  void operator()(Answer answer) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
  }

 private:
  absl::AnyInvocable<void(Answer)> done_;
};

enum class Progress { kGoesOn, kDone };

// One request on its way through the rounds of one connection.
class Operation {
 public:
  virtual ~Operation() = default;

  // Whether it makes sense to begin. Asked when the store's thread takes the request.
  virtual absl::Status admit() { return absl::OkStatus(); }

  // First with no results, then with those of the last round, which had no error. Sends another
  // round, or answers. An error is given to fail() by the caller.
  virtual absl::StatusOr<Progress> advance(Connection& connection, Results results) = 0;

  // Answers with an error. What it returns is said to those that wait for the same connection.
  virtual absl::Status fail(absl::Status status) = 0;

  MonoTime deadline = MonoTime::max();
};

}  // namespace madang::postgres
