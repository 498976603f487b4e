// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "madang/engine/close_reason.h"

namespace madang {

// How a handler answers its request: once, now or later, from any thread.
//
// A reply that is destroyed without an answer answers an error (100) and is counted, as is a second
// answer, which has no other effect. An answer for a session or subscription that has gone
// meanwhile is discarded. Movable; safe to destroy after the engine.
template <typename Answer>
class Reply {
 public:
  // What carries the answer back; made by the engine.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void answer(absl::StatusOr<Answer> answer) = 0;
    virtual void close(const CloseReason& reason) = 0;
  };

  explicit Reply(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

  void accept(Answer answer = Answer()) { sink_->answer(std::move(answer)); }

  // `status` is not OK. PermissionDenied says no; see base/status.h for what else clients are told,
  // and client_error() for numbers of your own.
  void refuse(absl::Status status = absl::PermissionDeniedError("permission denied")) {
    sink_->answer(std::move(status));
  }

  // Ends the session instead of answering it, as Session::close does on its lane.
  void close(const CloseReason& reason) { sink_->close(reason); }

 private:
  std::shared_ptr<Sink> sink_;
};

}  // namespace madang
