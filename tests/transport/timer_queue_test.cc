// SPDX-License-Identifier: Apache-2.0
#include "transport/tcp/timer_queue.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <vector>

#include "madang/base/random.h"

namespace madang {

namespace {

MonoTime at(std::int64_t time) { return MonoTime(Duration(time)); }

}  // namespace

TEST_CASE("timers: due calls come in the order of their times and then of their making") {
  TimerQueue queue;
  std::vector<int> ran;
  queue.add(at(20), [&] { ran.push_back(3); });
  queue.add(at(10), [&] { ran.push_back(1); });
  queue.add(at(10), [&] { ran.push_back(2); });
  queue.add(at(30), [&] { ran.push_back(4); });
  CHECK(queue.next() == at(10));
  while (Task task = queue.take_due(at(20), queue.last())) {
    task();
  }
  CHECK(ran == std::vector{1, 2, 3});
  CHECK(queue.size() == 1);
}

TEST_CASE("timers: a call that makes another for the same time does not run for ever") {
  TimerQueue queue;
  int ran = 0;
  queue.add(at(10), [&] {
    ++ran;
    queue.add(at(10), [&] { ++ran; });
  });
  const TimerHandle last = queue.last();
  while (Task task = queue.take_due(at(10), last)) {
    task();
  }
  CHECK(ran == 1);
  CHECK(queue.next() == at(10));
}

TEST_CASE("timers: those cancelled hold no memory and never run") {
  TimerQueue queue;
  const auto owned = std::make_shared<int>();
  for (int i = 0; i < 100'000; ++i) {
    const TimerHandle handle = queue.add(at(1'000'000 - i), [owned] {});
    queue.cancel(handle);
    queue.cancel(handle);
  }
  CHECK(owned.use_count() == 1);
  CHECK(queue.size() == 0);
  CHECK(queue.entries() < 200);
  CHECK_FALSE(queue.next().has_value());
}

TEST_CASE("timers: a task may cancel and add as it is destroyed") {
  TimerQueue queue;
  struct Adds {
    TimerQueue& queue;
    TimerHandle other;
    ~Adds() {
      queue.cancel(other);
      queue.add(at(5), [] {});
    }
  };
  const TimerHandle other = queue.add(at(1), [] {});
  auto adds = std::shared_ptr<Adds>(new Adds{queue, other});
  const TimerHandle handle = queue.add(at(2), [adds = std::move(adds)] {});
  queue.cancel(handle);
  CHECK(queue.size() == 1);
  CHECK(queue.next() == at(5));
}

TEST_CASE("timers: random calls run as in a plain list") {
  SeededRandom random(7);
  TimerQueue queue;
  std::map<std::pair<std::int64_t, std::uint64_t>, int> model;
  std::map<std::uint64_t, std::int64_t> times;
  std::vector<int> ran;
  std::vector<int> expected;
  std::int64_t now = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t action = random.below(10);
    if (action < 5) {
      const auto time = now + static_cast<std::int64_t>(random.below(500));
      const TimerHandle handle = queue.add(at(time), [&ran, i] { ran.push_back(i); });
      model[{time, handle.id}] = i;
      times[handle.id] = time;
    } else if (action < 8 && !times.empty()) {
      const std::uint64_t id = random.below(queue.last().id) + 1;
      queue.cancel({id});
      if (times.contains(id)) model.erase({times[id], id});
    } else {
      now += static_cast<std::int64_t>(random.below(50));
      const TimerHandle last = queue.last();
      while (Task task = queue.take_due(at(now), last)) {
        task();
      }
      while (!model.empty() && model.begin()->first.first <= now) {
        expected.push_back(model.begin()->second);
        model.erase(model.begin());
      }
    }
    REQUIRE(queue.size() == model.size());
  }
  CHECK(ran.size() > 1'000);
  CHECK(ran == expected);
}

}  // namespace madang
