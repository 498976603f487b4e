// SPDX-License-Identifier: Apache-2.0
#include "madang/room/announcements.h"

#include <doctest/doctest.h>

#include "room/room_fixture.h"

namespace madang {
namespace {

TEST_CASE("announcements: wait in order and are taken once") {
  Announcements waiting;
  CHECK(waiting.empty());
  CHECK(waiting.add(EventKind::kJoin, "ann", person("ann", 1)) == nullptr);
  CHECK(waiting.add(EventKind::kLeave, "bob", person("bob", 2)) == nullptr);
  CHECK(waiting.size() == 2);
  const auto taken = waiting.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].kind == EventKind::kJoin);
  CHECK(taken[0].info->user == "ann");
  CHECK(taken[1].kind == EventKind::kLeave);
  CHECK(waiting.empty());
}

TEST_CASE("announcements: opposites of one key cancel out and the earlier info is answered") {
  Announcements waiting;
  waiting.add(EventKind::kLeave, "ann", person("ann", 1));
  const auto taken_back = waiting.add(EventKind::kJoin, "ann", person("ann", 2));
  REQUIRE(taken_back != nullptr);
  CHECK(taken_back->client == client_number(1));
  CHECK(waiting.empty());
  waiting.add(EventKind::kJoin, "ann", person("ann", 2));
  CHECK(waiting.add(EventKind::kLeave, "ann", person("ann", 2)) != nullptr);
  CHECK(waiting.empty());
}

TEST_CASE("announcements: other keys are left alone") {
  Announcements waiting;
  waiting.add(EventKind::kJoin, "ann", person("ann", 1));
  waiting.add(EventKind::kJoin, "bob", person("bob", 2));
  waiting.add(EventKind::kLeave, "ann", person("ann", 1));
  const auto taken = waiting.take();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].info->user == "bob");
}

}  // namespace
}  // namespace madang
