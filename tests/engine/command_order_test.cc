// SPDX-License-Identifier: Apache-2.0
#include "engine/command_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace madang {
namespace {

TEST_CASE("command order: one that finishes at once leaves nothing behind") {
  CommandOrder order;
  std::string done;
  order.run("a", [&] {
    done += "1";
    order.finish("a");
  });
  CHECK(done == "1");
  CHECK(order.idle());
}

TEST_CASE("command order: those of one room wait for each other, those of another do not") {
  CommandOrder order;
  std::string started;
  order.run("a", [&] { started += "1"; });
  order.run("a", [&] { started += "2"; });
  order.run("b", [&] { started += "3"; });
  CHECK(started == "13");
  CHECK(order.waiting() == 1);
  order.finish("a");
  CHECK(started == "132");
  order.finish("a");
  order.finish("b");
  CHECK(order.idle());
}

TEST_CASE("command order: one that comes from within another of its room waits for that") {
  CommandOrder order;
  std::string events;
  order.run("a", [&] {
    order.run("a", [&] {
      events += "2";
      order.finish("a");
    });
    order.run("b", [&] {
      events += "b";
      order.finish("b");
    });
    events += "1";
    order.finish("a");
  });
  CHECK(events == "b12");
  CHECK(order.idle());
}

TEST_CASE("command order: it waits as well if that other is not finished when it returns") {
  CommandOrder order;
  std::string events;
  order.run("a", [&] { order.run("a", [&] { events += "2"; }); });
  CHECK(events.empty());
  events += "1";
  order.finish("a");
  CHECK(events == "12");
  order.run("a", [&] {
    events += "3";
    order.finish("a");
  });
  CHECK(events == "12");
  order.finish("a");
  CHECK(events == "123");
  CHECK(order.idle());
}

TEST_CASE("command order: a thousand that wait start in order and do not nest") {
  CommandOrder order;
  int depth = 0;
  int deepest = 0;
  int last = -1;
  order.run("a", [] {});
  for (int i = 0; i < 1'000; ++i) {
    order.run("a", [&, i] {
      deepest = std::max(deepest, ++depth);
      CHECK(last == i - 1);
      last = i;
      order.finish("a");
      --depth;
    });
  }
  order.finish("a");
  CHECK(last == 999);
  CHECK(deepest == 1);
  CHECK(order.idle());
}

}  // namespace
}  // namespace madang
