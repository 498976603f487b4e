// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/member_table.h"

namespace madang {

// The subscriptions of one session, in the order of their rooms' names, so that what is done for
// each of them comes in the same order each time. Most sessions are in one room, and then it needs
// no memory; finding one takes O(log n) and adding one moves at most
// Limits::rooms_per_session_max pointers. Pure state of the lane.
class SubscriptionList {
 public:
  SubscriptionList() = default;
  ~SubscriptionList();
  SubscriptionList(const SubscriptionList&) = delete;
  SubscriptionList& operator=(const SubscriptionList&) = delete;

  std::size_t size() const { return has_many() ? many().size() : (only_ == nullptr ? 0 : 1); }
  bool empty() const { return only_ == nullptr; }
  Subscription* const* begin() const { return has_many() ? many().data() : &only_; }
  Subscription* const* end() const { return begin() + size(); }

  // Null if there is none.
  Subscription* find(std::string_view room) const;
  // There is none of this name yet.
  Subscription& add(std::unique_ptr<Subscription> subscription);
  // Takes it out. To be called while it still knows its room.
  std::unique_ptr<Subscription> take(const Subscription& subscription);

 private:
  using Many = std::vector<Subscription*>;

  std::size_t place(std::string_view room) const;
  bool has_many() const { return (reinterpret_cast<std::uintptr_t>(only_) & kMany) != 0; }
  Many& many() const {
    return *reinterpret_cast<Many*>(reinterpret_cast<std::uintptr_t>(only_) & ~kMany);
  }

  // Where no address has a bit: what is here is not the only one, but a list of at least two.
  static constexpr std::uintptr_t kMany = 1;

  Subscription* only_ = nullptr;  // owned, as all of them; null: there is none
};

static_assert(sizeof(SubscriptionList) == 8, "every idle session has one");

}  // namespace madang
