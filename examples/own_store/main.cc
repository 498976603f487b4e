// SPDX-License-Identifier: Apache-2.0
// A host that keeps messages in a database of its own: own_store.h is all it takes. This program
// holds that adapter to what madang promises, and then stops and starts an engine over it.
#include <cstdio>

#include "madang/engine.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/message_store_conformance.h"
#include "own_store.h"

using namespace madang;

struct Tried : StoreUnderTest {
  std::unique_ptr<MessageStore> make() override { return std::make_unique<OwnStore>(data); }
  bool has_search() const override { return false; }
  bool has_retention() const override { return false; }
  std::shared_ptr<Database> data = std::make_shared<Database>();
};

// One life of a process: publishes a line, and prints what the room knows.
void live(const std::shared_ptr<Database>& data, const char* line) {
  OwnStore store(data);
  ManualClock clock;
  ManualScheduler lane(clock);
  EngineOptions options;
  options.lanes = {&lane};
  options.storage.store = &store;
  options.handlers.room_options = [](std::string_view) {
    RoomOptions room;
    room.payload_kind = PayloadKind::kBytes;
    room.history.messages_max = 1;  // memory holds one; the database has them all
    room.durability = Durability::kDurable;
    return room;
  };
  const auto engine = *Engine::create(std::move(options));
  engine->publish("lobby", line);
  clock.run_ready();
  engine->history("lobby", {.limit = 10}, [](absl::StatusOr<HistoryResult> page) {
    for (const auto& event : page->messages) {
      std::printf("%d: %.*s\n", int(event->offset), int(event->data.size()), event->data.data());
    }
  });
  clock.run_ready();
  engine->drain({}, [] {});
  clock.advance(std::chrono::seconds(1));
}

int main() {
  const auto broken = check_message_store([] { return std::make_unique<Tried>(); });
  for (const auto& promise : broken)
    std::printf("broken: %s\n", promise.c_str());
  if (!broken.empty()) return 1;
  const auto data = std::make_shared<Database>();
  live(data, "before the restart");
  live(data, "after it");
}
