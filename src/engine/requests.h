// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/timer_wheel.h"
#include "madang/engine/session.h"

namespace madang {

// What one session has asked its host and not been answered yet. A request's number is never used
// again, so an answer that comes for one called off, or after its time, finds nothing.
class Requests {
 public:
  // Told of a request whose time is over; it is still here.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void request_timed_out(std::uint64_t number) = 0;
  };

  explicit Requests(Owner& owner) : owner_(owner) {}

  std::size_t size() const { return open_.size(); }

  // Answers the timer of the request, for the caller to arm.
  template <typename Answer>
  TimerWheel::Timer& add(std::uint64_t number, Callback<Answer> done) {
    auto request = std::make_unique<Open<Answer>>(owner_, number, std::move(done));
    return *open_.emplace(number, std::move(request)).first->second;
  }

  // Gives the answer to who asked. False if nobody waits for it any more.
  template <typename Answer>
  bool answer(std::uint64_t number, absl::StatusOr<Answer> answer) {
    const auto it = open_.find(number);
    if (it == open_.end()) return false;
    auto request = std::move(it->second);
    open_.erase(it);
    static_cast<Open<Answer>&>(*request).done(std::move(answer));
    return true;
  }

  // The request fails with `status`, which is not OK. False if it is not here.
  bool fail(std::uint64_t number, const absl::Status& status) {
    const auto it = open_.find(number);
    if (it == open_.end()) return false;
    auto request = std::move(it->second);
    open_.erase(it);
    request->fail(status);
    return true;
  }

  // Tells who asked and keeps the request, as no sound engine would: see planted_fault.h.
  void fail_and_keep(std::uint64_t number, const absl::Status& status) {
    const auto it = open_.find(number);
    if (it != open_.end()) it->second->fail(status);
  }

  // Forgets all; nobody is told.
  void clear() { auto dropped = std::exchange(open_, {}); }

 private:
  struct AnyOpen : TimerWheel::Timer {
    AnyOpen(Owner& asker, std::uint64_t its_number) : owner(asker), number(its_number) {}
    virtual void fail(const absl::Status& status) = 0;
    void expired(MonoTime) override { owner.request_timed_out(number); }

    Owner& owner;
    const std::uint64_t number;
  };
  template <typename Answer>
  struct Open final : AnyOpen {
    Open(Owner& asker, std::uint64_t its_number, Callback<Answer> callback)
        : AnyOpen(asker, its_number), done(std::move(callback)) {}
    void fail(const absl::Status& status) override { done(status); }

    Callback<Answer> done;
  };

  Owner& owner_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<AnyOpen>> open_;
};

}  // namespace madang
