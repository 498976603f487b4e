// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/timer_wheel.h"
#include "madang/engine/session.h"

namespace madang {

// What one session has asked its host and not been answered yet. A request's number is never used
// again, so an answer that comes for one called off, or after its time, finds nothing.
//
// A list, the newest in front: nearly always empty or of one, and bounded by
// Limits::commands_waiting_max and the rooms being joined.
class Requests {
 public:
  // Told of a request whose time is over; it is still here.
  class Owner {
   public:
    virtual void request_timed_out(std::uint64_t session, std::uint64_t number) = 0;

   protected:
    ~Owner() = default;
  };

  std::size_t size() const { return size_; }

  // Answers the timer of the request, for the caller to arm. `owner` outlives the request.
  template <typename Answer>
  TimerWheel::Timer& add(Owner& owner, std::uint64_t session, std::uint64_t number,
                         Callback<Answer> done) {
    auto request = std::make_unique<Open<Answer>>(owner, session, number, std::move(done));
    request->next = std::move(first_);
    first_ = std::move(request);
    ++size_;
    return *first_;
  }

  // Gives the answer to who asked. False if nobody waits for it any more.
  template <typename Answer>
  bool answer(std::uint64_t number, absl::StatusOr<Answer> answer) {
    const auto request = take(number);
    if (request == nullptr) return false;
    static_cast<Open<Answer>&>(*request).done(std::move(answer));
    return true;
  }

  // The request fails with `status`, which is not OK. False if it is not here.
  bool fail(std::uint64_t number, const absl::Status& status) {
    const auto request = take(number);
    if (request == nullptr) return false;
    request->fail(status);
    return true;
  }

  // Tells who asked and keeps the request, as no sound engine would: see planted_fault.h.
  void fail_and_keep(std::uint64_t number, const absl::Status& status) {
    if (auto& found = find(number)) found->fail(status);
  }

  // Forgets all; nobody is told.
  void clear() {
    size_ = 0;
    for (auto dropped = std::move(first_); dropped != nullptr;)
      dropped = std::move(dropped->next);
  }

 private:
  struct AnyOpen : TimerWheel::Timer {
    AnyOpen(Owner& told, std::uint64_t asker, std::uint64_t its_number)
        : owner(told), session(asker), number(its_number) {}
    virtual void fail(const absl::Status& status) = 0;
    void expired(MonoTime) override { owner.request_timed_out(session, number); }

    Owner& owner;
    const std::uint64_t session;
    const std::uint64_t number;
    std::unique_ptr<AnyOpen> next;
  };
  template <typename Answer>
  struct Open final : AnyOpen {
    Open(Owner& told, std::uint64_t asker, std::uint64_t its_number, Callback<Answer> callback)
        : AnyOpen(told, asker, its_number), done(std::move(callback)) {}
    void fail(const absl::Status& status) override { done(status); }

    Callback<Answer> done;
  };

  // The link that holds the request, or a null one.
  std::unique_ptr<AnyOpen>& find(std::uint64_t number) {
    auto* link = &first_;
    while (*link != nullptr && (*link)->number != number)
      link = &(*link)->next;
    return *link;
  }
  std::unique_ptr<AnyOpen> take(std::uint64_t number) {
    auto& link = find(number);
    auto request = std::move(link);
    if (request == nullptr) return nullptr;
    link = std::move(request->next);
    --size_;
    return request;
  }

  std::unique_ptr<AnyOpen> first_;
  std::size_t size_ = 0;
};

}  // namespace madang
