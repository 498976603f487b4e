// SPDX-License-Identifier: Apache-2.0
#include "engine/subscription_list.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace madang {

// Where a subscription of this room stands or would stand.
std::size_t SubscriptionList::place(std::string_view room) const {
  const auto it = std::lower_bound(
      list_.begin(), list_.end(), room,
      [](const auto& subscription, std::string_view name) { return subscription->room() < name; });
  return static_cast<std::size_t>(it - list_.begin());
}

Subscription* SubscriptionList::find(std::string_view room) const {
  const std::size_t i = place(room);
  return i < list_.size() && list_[i]->room() == room ? list_[i].get() : nullptr;
}

Subscription& SubscriptionList::add(std::unique_ptr<Subscription> subscription) {
  const std::size_t i = place(subscription->room());
  assert(i == list_.size() || list_[i]->room() != subscription->room());
  return **list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(i), std::move(subscription));
}

std::unique_ptr<Subscription> SubscriptionList::take(const Subscription& subscription) {
  const std::size_t i = place(subscription.room());
  assert(list_[i].get() == &subscription);
  auto taken = std::move(list_[i]);
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(i));
  if (list_.empty()) list_.shrink_to_fit();
  return taken;
}

}  // namespace madang
