// SPDX-License-Identifier: Apache-2.0
#include "engine/subscription_list.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "madang/base/random.h"

namespace madang {
namespace {

std::unique_ptr<Subscription> asking(const std::string& room) {
  return std::make_unique<Subscription>(nullptr, room);
}

TEST_CASE("subscription list: it has what was added and not taken, in the order of names") {
  SubscriptionList list;
  std::set<std::string> expected;
  SeededRandom random(5);
  for (int round = 0; round < 2000; ++round) {
    const std::string room = "room" + std::to_string(random.below(6));
    if (expected.insert(room).second) {
      CHECK(list.find(room) == nullptr);
      CHECK(list.add(asking(room)).room() == room);
    } else {
      expected.erase(room);
      const auto taken = list.take(*list.find(room));
      CHECK(taken->room() == room);
    }
    REQUIRE(list.size() == expected.size());
    REQUIRE(list.empty() == expected.empty());
    auto name = expected.begin();
    for (const Subscription* subscription : list)
      REQUIRE(subscription->room() == *name++);
  }
}

TEST_CASE("subscription list: it ends the subscriptions that it still has") {
  for (int rooms = 0; rooms < 4; ++rooms) {
    SubscriptionList list;
    for (int i = 0; i < rooms; ++i)
      list.add(asking(std::to_string(i)));
    CHECK(list.size() == static_cast<std::size_t>(rooms));
  }
}

}  // namespace
}  // namespace madang
