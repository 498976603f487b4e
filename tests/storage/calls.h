// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "madang/testing/message_store_conformance.h"

// Calls of a store that wait for their answer.
namespace madang::testing {

template <typename Result, typename Call>
typename Awaited<Result>::Answer answer(const Call& call) {
  Awaited<Result> awaited;
  call(awaited.callback());
  return awaited.wait(std::chrono::seconds(60));
}

inline absl::StatusOr<OpenResult> open(MessageStore& store) {
  return answer<OpenResult>([&](auto done) { store.open(std::move(done)); });
}
inline absl::StatusOr<AppendResult> append(MessageStore& store, MessageBatch batch) {
  return answer<AppendResult>([&](auto done) { store.append(std::move(batch), std::move(done)); });
}
inline absl::StatusOr<StoredRoom> load(MessageStore& store, const std::string& room) {
  return answer<StoredRoom>(
      [&](auto done) { store.load(conformance::all_of(room), std::move(done)); });
}
inline absl::StatusOr<StoredPage> read(MessageStore& store, PageRequest request) {
  return answer<StoredPage>([&](auto done) { store.read(std::move(request), std::move(done)); });
}
inline absl::Status close(MessageStore& store) {
  return answer<void>([&](auto done) { store.close(std::move(done)); });
}

// Waits until `condition` holds; false: it did not in time.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds time_max = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + time_max;
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    never.wait_for(lock, std::chrono::milliseconds(2));
  }
  return true;
}

// The same batch until there is a clear answer, as the engine does.
inline absl::StatusOr<AppendResult> append_until_clear(MessageStore& store,
                                                       const MessageBatch& batch) {
  absl::StatusOr<AppendResult> result = absl::UnavailableError("not asked");
  eventually([&] {
    result = append(store, batch);
    return !absl::IsUnavailable(result.status());
  });
  return result;
}

// Whether the room holds the messages 1 to `top` of conformance::messages(), each once.
inline bool holds_exactly(MessageStore& store, const std::string& room, std::uint64_t top) {
  const auto page = read(store, conformance::page_of(room, 0, Direction::kUp));
  return page.ok() &&
         conformance::same_messages(page->messages, conformance::messages(room, 1, top));
}

}  // namespace madang::testing
