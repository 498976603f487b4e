// SPDX-License-Identifier: Apache-2.0
#include "engine/subscription_list.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace madang {

SubscriptionList::~SubscriptionList() {
  for (const Subscription* subscription : *this)
    delete subscription;
  if (has_many()) delete &many();
}

// Where a subscription of this room stands or would stand.
std::size_t SubscriptionList::place(std::string_view room) const {
  const auto it = std::lower_bound(
      begin(), end(), room,
      [](const auto* subscription, std::string_view name) { return subscription->room() < name; });
  return static_cast<std::size_t>(it - begin());
}

Subscription* SubscriptionList::find(std::string_view room) const {
  const std::size_t i = place(room);
  return i < size() && begin()[i]->room() == room ? begin()[i] : nullptr;
}

Subscription& SubscriptionList::add(std::unique_ptr<Subscription> subscription) {
  const std::size_t i = place(subscription->room());
  assert(i == size() || begin()[i]->room() != subscription->room());
  if (empty()) return *(only_ = subscription.release());
  if (!has_many()) {
    auto two = std::make_unique<Many>();
    two->reserve(2);
    two->push_back(only_);
    only_ =
        reinterpret_cast<Subscription*>(reinterpret_cast<std::uintptr_t>(two.release()) | kMany);
  }
  return **many().insert(many().begin() + static_cast<std::ptrdiff_t>(i), subscription.release());
}

std::unique_ptr<Subscription> SubscriptionList::take(const Subscription& subscription) {
  const std::size_t i = place(subscription.room());
  assert(begin()[i] == &subscription);
  std::unique_ptr<Subscription> taken(begin()[i]);
  if (!has_many()) {
    only_ = nullptr;
    return taken;
  }
  many().erase(many().begin() + static_cast<std::ptrdiff_t>(i));
  if (many().size() == 1) {
    const std::unique_ptr<Many> last(&many());
    only_ = last->front();
  }
  return taken;
}

}  // namespace madang
