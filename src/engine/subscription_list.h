// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "engine/member_table.h"

namespace madang {

// The subscriptions of one session, in the order of their rooms' names, so that what is done for
// each of them comes in the same order each time. Most sessions are in one room, and then it needs
// no memory; finding one takes O(log n) and adding one moves at most
// Limits::rooms_per_session_max pointers.
class SubscriptionList {
 public:
  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

  // Null if there is none.
  Subscription* find(std::string_view room) const;
  // There is none of this name yet.
  Subscription& add(std::unique_ptr<Subscription> subscription);
  // Takes it out. To be called while it still knows its room.
  std::unique_ptr<Subscription> take(const Subscription& subscription);

 private:
  using List = absl::InlinedVector<std::unique_ptr<Subscription>, 1>;
  std::size_t place(std::string_view room) const;

  List list_;
};

}  // namespace madang
