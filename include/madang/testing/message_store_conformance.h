// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "madang/testing/message_store/append_promises.h"
#include "madang/testing/message_store/load_promises.h"
#include "madang/testing/message_store/read_promises.h"
#include "madang/testing/message_store/retention_promises.h"
#include "madang/testing/message_store/search_promises.h"
#include "madang/testing/message_store/trial.h"
#include "madang/testing/message_store/writer_promises.h"

namespace madang {

inline constexpr const char* kCallbacksComeOnce = "callbacks: each comes exactly once";

// Everything that a MessageStore promises, by name. A test framework may run them one by one.
inline std::vector<Promise> message_store_promises(const StoreUnderTest& store) {
  std::vector<Promise> all;
  const auto add = [&](const std::vector<Promise>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(conformance::writer_promises());
  add(conformance::append_promises());
  add(conformance::load_promises());
  add(conformance::read_promises());
  if (store.has_search()) add(conformance::search_promises());
  if (store.has_retention()) add(conformance::retention_promises());
  return all;
}

// Tests one promise. Answers a line for it if it is broken, and one if its test met a callback that
// came twice or never.
inline std::vector<std::string> check_promise(const Promise& promise,
                                              std::unique_ptr<StoreUnderTest> store) {
  Trial trial(std::move(store));
  promise.test(trial);  // its stores are gone when it returns
  std::vector<std::string> broken;
  if (!trial.broken().empty()) broken.push_back(promise.says + (": " + trial.broken()));
  if (const auto count = trial.miscalled(); count > 0) {
    broken.push_back(kCallbacksComeOnce + (": not " + std::to_string(count) + " of those in: ") +
                     promise.says);
  }
  return broken;
}

// Holds an implementation of MessageStore to all that the interface promises. `fresh` is called for
// each promise and answers a store under test with nothing stored. One line answers for each
// promise that is broken, beginning with its name and going on with what was seen; no line means
// that the store conforms.
//
//   class MyStoreUnderTest : public madang::StoreUnderTest { ... };
//   for (const auto& line : madang::check_message_store([] {
//          return std::make_unique<MyStoreUnderTest>(); })) { ... }
//
// It needs no test framework. It takes as long as the store takes for about 200 appends and 5,000
// messages, and waits no longer for any one answer than StoreUnderTest::answer_time_max().
inline std::vector<std::string> check_message_store(
    const std::function<std::unique_ptr<StoreUnderTest>()>& fresh) {
  std::vector<std::string> broken;
  for (const auto& promise : message_store_promises(*fresh())) {
    for (auto& line : check_promise(promise, fresh()))
      broken.push_back(std::move(line));
  }
  return broken;
}

}  // namespace madang
