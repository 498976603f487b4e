// SPDX-License-Identifier: Apache-2.0
#include "madang/room/history.h"

#include <doctest/doctest.h>

#include <string>

#include "room/room_fixture.h"

namespace madang {
namespace {

EventRef message(std::uint64_t offset, std::size_t bytes = 1, int at = 0) {
  Event event;
  event.offset = offset;
  event.appended = at_s(at);
  event.data = std::string(bytes, 'x');
  return std::make_shared<const Event>(std::move(event));
}

std::vector<std::uint64_t> offsets(const std::vector<EventRef>& page) {
  std::vector<std::uint64_t> all;
  for (const auto& event : page)
    all.push_back(event->offset);
  return all;
}

TEST_CASE("history: keeps the newest by number") {
  History history({.messages_max = 3});
  CHECK(history.empty());
  CHECK(history.top() == 0);
  CHECK(history.first() == 1);
  for (std::uint64_t offset = 1; offset <= 5; ++offset)
    history.append(message(offset));
  CHECK(history.size() == 3);
  CHECK(history.first() == 3);
  CHECK(history.top() == 5);
  CHECK(history.at(4)->offset == 4);
}

TEST_CASE("history: keeps the newest by bytes, and always the newest one") {
  const std::size_t one = message(1, 100)->bytes();
  History history({.messages_max = 100, .bytes_max = 2 * one});
  for (std::uint64_t offset = 1; offset <= 5; ++offset)
    history.append(message(offset, 100));
  CHECK(history.size() == 2);
  history.append(message(6, 100'000));
  CHECK(history.size() == 1);
  CHECK(history.first() == 6);
  history.append(message(7, 100));
  CHECK(history.size() == 1);
  history.append(message(8, 100));
  CHECK(history.size() == 2);
}

TEST_CASE("history: keeps what is younger than its age") {
  History history({.messages_max = 100, .age_max = std::chrono::seconds(10)});
  history.append(message(1, 1, 0));
  history.append(message(2, 1, 5));
  CHECK(history.next_expiry() == at_s(10));
  history.expire(at_s(9));
  CHECK(history.size() == 2);
  history.expire(at_s(10));
  CHECK(history.first() == 2);
  CHECK(history.next_expiry() == at_s(15));
  history.expire(at_s(100));
  CHECK(history.empty());
  CHECK(history.top() == 2);
  CHECK(history.first() == 3);
}

TEST_CASE("history: cleared it forgets the messages and not the offset") {
  const std::size_t one = message(1, 100)->bytes();
  History history({.messages_max = 100, .bytes_max = 2 * one});
  history.append(message(1, 100));
  history.append(message(2, 100));
  history.clear(2);
  CHECK(history.empty());
  CHECK(history.top() == 2);
  history.append(message(3, 100));
  history.append(message(4, 100));
  CHECK(history.size() == 2);  // and the bytes of what went
}

TEST_CASE("history: what is held stays, whatever the bounds say, until it is let go") {
  History history({.messages_max = 2, .age_max = std::chrono::seconds(10)});
  history.hold_above(1);
  for (std::uint64_t offset = 1; offset <= 5; ++offset)
    history.append(message(offset, 10));
  CHECK(history.first() == 2);
  history.expire(MonoTime(std::chrono::hours(1)));
  CHECK(history.first() == 2);
  history.hold_above(3);
  CHECK(history.first() == 4);
  history.clear(4);
  CHECK(history.first() == 5);
  CHECK(history.top() == 5);
}

TEST_CASE("history: pages go up from an offset and down from one, within both bounds") {
  History history({.messages_max = 5});
  for (std::uint64_t offset = 1; offset <= 8; ++offset)
    history.append(message(offset, 100));
  const auto up = [&](std::uint64_t after, std::size_t messages, std::size_t bytes) {
    std::vector<EventRef> page;
    history.read_up(after, messages, bytes, page);
    return offsets(page);
  };
  const auto down = [&](std::uint64_t before, std::size_t messages, std::size_t bytes) {
    std::vector<EventRef> page;
    history.read_down(before, messages, bytes, page);
    return offsets(page);
  };
  using Offsets = std::vector<std::uint64_t>;
  const std::size_t one = message(1, 100)->bytes();
  CHECK(up(0, 100, 1u << 20) == Offsets{4, 5, 6, 7, 8});
  CHECK(up(5, 2, 1u << 20) == Offsets{6, 7});
  CHECK(up(8, 100, 1u << 20) == Offsets{});
  CHECK(up(99, 100, 1u << 20) == Offsets{});
  CHECK(up(4, 100, 2 * one) == Offsets{5, 6});
  CHECK(up(4, 100, 1) == Offsets{5});
  CHECK(up(4, 0, 1u << 20) == Offsets{});
  CHECK(down(9, 100, 1u << 20) == Offsets{8, 7, 6, 5, 4});
  CHECK(down(99, 2, 1u << 20) == Offsets{8, 7});
  CHECK(down(6, 100, 1u << 20) == Offsets{5, 4});
  CHECK(down(4, 100, 1u << 20) == Offsets{});
  CHECK(down(0, 100, 1u << 20) == Offsets{});
  CHECK(down(9, 100, 2 * one) == Offsets{8, 7});
  CHECK(down(9, 100, 1) == Offsets{8});
}

TEST_CASE("history: a message costs what it holds") {
  Event event;
  const std::size_t bare = event.bytes();
  event.data = std::string(1000, 'x');
  event.tags = {{"a", "b"}};
  CHECK(event.bytes() > bare + 1000);
}

}  // namespace
}  // namespace madang
