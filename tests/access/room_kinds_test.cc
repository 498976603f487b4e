// SPDX-License-Identifier: Apache-2.0
#include "madang/access/room_kinds.h"

#include <doctest/doctest.h>

namespace madang {
namespace {

RoomKinds kinds(std::vector<std::string> names, RoomMarks marks = {}) {
  std::vector<std::pair<std::string, RoomKind>> all;
  for (auto& name : names)
    all.emplace_back(std::move(name), RoomKind());
  auto made = RoomKinds::make(std::move(all), std::move(marks));
  REQUIRE(made.ok());
  return *std::move(made);
}

std::string refusal(std::vector<std::pair<std::string, RoomKind>> all, RoomMarks marks = {}) {
  return std::string(RoomKinds::make(std::move(all), std::move(marks)).status().message());
}

}  // namespace

TEST_CASE("room kinds: the part before the first colon names the kind") {
  const auto two = kinds({"", "chat"});
  CHECK(two.find("lobby") == two.find(""));
  CHECK(two.find("chat:1") != nullptr);
  CHECK(two.find("chat:1") != two.find("lobby"));
  CHECK(two.find("chat:1:2") == two.find("chat:1"));
  CHECK(two.find("$chat:1") == two.find("chat:1"));
  CHECK(two.find("chat:#ann:b") == two.find("chat:1"));
  CHECK(two.find("#ann:b") == two.find("lobby"));
  CHECK(two.find(":1") == two.find("lobby"));
  CHECK(two.find("chat") == two.find("lobby"));
  CHECK(two.find("chats:1") == nullptr);
  CHECK(two.find("Chat:1") == nullptr);
  CHECK(kinds({"chat"}).find("lobby") == nullptr);
}

TEST_CASE("room kinds: a room that names users is for them and for no guest") {
  const auto one = kinds({""});
  CHECK(one.is_for("lobby", ""));
  CHECK(one.is_for("#ann", "ann"));
  CHECK(one.is_for("talk#ann,bob", "bob"));
  CHECK_FALSE(one.is_for("talk#ann,bob", "an"));
  CHECK_FALSE(one.is_for("talk#ann,bob", "ann,bob"));
  CHECK_FALSE(one.is_for("#", ""));
  CHECK_FALSE(one.is_for("#,", ""));
  CHECK_FALSE(one.is_for("#ann", "bob"));
  CHECK(one.is_for("#a#b", "a#b"));
  CHECK_FALSE(one.is_for("#a#b", "b"));
}

TEST_CASE("room kinds: a personal room is its user's and of the kind that was asked for") {
  const auto two = kinds({"", "news"});
  CHECK(two.personal_room("", "ann") == "#ann");
  CHECK(two.personal_room("news", "ann") == "news:#ann");
  CHECK(two.find("news:#ann") == two.find("news:1"));
  CHECK(two.personal_room("", "").empty());
  CHECK(two.personal_room("", "ann,bob").empty());
  CHECK(kinds({""}, {.users = ""}).personal_room("", "ann").empty());
}

TEST_CASE("room kinds: marks may be others, or mean nothing") {
  const auto other = kinds({"", "chat"}, {.kind = "/", .only_with_token = "", .users = ""});
  CHECK(other.find("chat/1") != other.find("chat:1"));
  CHECK_FALSE(other.only_with_token("$chat/1"));
  CHECK(other.is_for("#ann", "bob"));
}

TEST_CASE("room kinds: what makes no sense is refused, with the name of its kind") {
  CHECK(refusal({{"a", {}}, {"a", {}}}) == R"(kind of rooms "a": is there twice)");
  CHECK(refusal({{"a:b", {}}}) == R"(kind of rooms "a:b": a mark stands in its name)");
  CHECK_FALSE(refusal({{"$a", {}}}).empty());
  CHECK_FALSE(refusal({{"a#", {}}}).empty());
  CHECK_FALSE(refusal({{"a", {.subscribe = Who::kMembers}}}).empty());
  CHECK_FALSE(refusal({}, {.kind = ""}).empty());
  RoomKind kind;
  kind.options.durability = Durability::kDurable;
  CHECK_FALSE(refusal({{"a", kind}}).empty());
  kind.options.history.messages_max = 1;
  CHECK(refusal({{"a", kind}}).empty());
  kind.options.slow_consumer = SlowConsumer::kKeepLatest;
  CHECK_FALSE(refusal({{"a", kind}}).empty());
  kind = {};
  kind.options.recovery = RecoveryMode::kCache;
  CHECK_FALSE(refusal({{"a", kind}}).empty());
}

}  // namespace madang
