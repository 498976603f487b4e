// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/fixture.h"
#include "madang/storage/memory/memory_store.h"
#include "madang/testing/held_store.h"

namespace madang::testing {

inline RoomOptions stored(Durability durability, std::size_t messages_in_memory = 10) {
  RoomOptions options = with_history(messages_in_memory);
  options.durability = durability;
  return options;
}

// A process with a store: destroyed without stop() it was killed.
class StoredWorld : public World {
 public:
  StoredWorld(std::shared_ptr<MemoryStoreData> data, const RoomOptions& room, std::size_t lanes = 1)
      : World(lanes), inner(std::make_unique<MemoryStore>(std::move(data))), store(*inner) {
    rooms = room;
    static std::uint64_t processes = 0;
    random = SeededRandom(++processes);
    options.storage.store = &store;
    options.storage.set_aside = [this](const StoredMessage& message, const absl::Status&) {
      set_aside.emplace_back(message.data.view());
    };
  }
  ~StoredWorld() { store.kill(); }

  // Answers whether the engine said that it was done.
  bool stop() {
    bool done = false;
    engine().drain({}, [&] { done = true; });
    pass(std::chrono::seconds(30));
    return done;
  }

  using Answer = std::shared_ptr<absl::StatusOr<PublishResult>>;
  // Unknown until it is answered.
  Answer send(std::string_view room, std::string_view data, PublishOptions publish_options = {}) {
    auto kept = std::make_shared<absl::StatusOr<PublishResult>>(absl::UnknownError("no answer"));
    engine().publish(room, Payload(data), std::move(publish_options),
                     [kept](absl::StatusOr<PublishResult> result) { *kept = std::move(result); });
    return kept;
  }
  void send_numbers(std::string_view room, int first, int last) {
    for (int i = first; i <= last; ++i)
      send(room, std::to_string(i));
    pass(std::chrono::seconds(1));
  }

  // The payloads of one page.
  std::vector<std::string> page(std::string_view room, HistoryQuery query) {
    auto kept = std::make_shared<absl::StatusOr<HistoryResult>>(absl::UnknownError("no answer"));
    engine().history(room, std::move(query),
                     [kept](absl::StatusOr<HistoryResult> result) { *kept = std::move(result); });
    pass(std::chrono::seconds(1));
    if (!kept->ok()) return {kept->status().ToString()};
    std::vector<std::string> payloads;
    for (const auto& event : (*kept)->messages)
      payloads.emplace_back(event->data.view());
    return payloads;
  }
  StreamPosition position(std::string_view room) {
    auto kept = std::make_shared<absl::StatusOr<HistoryResult>>(absl::UnknownError("no answer"));
    engine().history(room, {},
                     [kept](absl::StatusOr<HistoryResult> result) { *kept = std::move(result); });
    pass(std::chrono::milliseconds(1));
    return kept->ok() ? (*kept)->position : StreamPosition();
  }

  std::unique_ptr<MemoryStore> inner;
  HeldStore store;
  std::vector<std::string> set_aside;
};

inline std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> all;
  for (int i = first; first <= last ? i <= last : i >= last; first <= last ? ++i : --i)
    all.push_back(std::to_string(i));
  return all;
}

}  // namespace madang::testing
