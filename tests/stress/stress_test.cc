// SPDX-License-Identifier: Apache-2.0

// Real threads: publishers, lanes, and members that come and go, all at once. Meant for the thread
// sanitizer; the simulation covers far more orders of events, but only one thread.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include "engine/fixture.h"
#include "madang/storage/any/make_store.h"
#include "stress/thread_scheduler.h"

using namespace madang;
using namespace madang::testing;

namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kPublishers = 8;
constexpr std::size_t kRooms = 3;
constexpr std::size_t kSessionsPerLane = 12;
constexpr int kRounds = 40;

std::string room_name(std::size_t i) { return "room" + std::to_string(i); }

// What one member has read of one room: every offset once, in order, and each publisher's messages
// in the order it published them.
class Checker {
 public:
  void joined(std::uint64_t offset) { last_offset_ = offset; }
  void check(std::string_view word) {
    // "room7 <offset> [<publisher>,<number>]"
    const auto space = word.find(' ');
    char* end = nullptr;
    const std::uint64_t offset = std::strtoull(word.data() + space + 1, &end, 10);
    const auto publisher = static_cast<std::size_t>(std::strtoul(end + 2, &end, 10));
    const long number = std::strtol(end + 1, nullptr, 10);
    if (offset != last_offset_ + 1) ++errors;
    if (publisher >= kPublishers || number <= numbers_[publisher]) {
      ++errors;
    } else {
      numbers_[publisher] = number;
    }
    last_offset_ = offset;
    ++read;
  }
  int errors = 0;
  std::uint64_t read = 0;
  std::uint64_t last_offset() const { return last_offset_; }

 private:
  std::uint64_t last_offset_ = 0;
  std::array<long, kPublishers> numbers_{};
};

// The members of one lane. Everything here happens on the lane's thread.
class Crowd {
 public:
  Crowd(Engine& engine, std::size_t lane)
      : engine_(engine), lane_(lane), random_(lane + 1), members_(kSessionsPerLane) {}

  void round() {
    for (auto& member : members_) {
      if (member.client.transport == nullptr) {
        open(member);
      } else if (random_.below(8) == 0) {
        close(member);
      } else {
        read(member);
      }
    }
  }

  void finish() {
    for (auto& member : members_) {
      if (member.client.transport == nullptr) continue;
      read(member);
      close(member);
    }
  }

  int errors = 0;
  std::uint64_t read_total = 0;

 private:
  struct Member {
    Client client;
    std::unique_ptr<LengthFraming> framing;
    std::size_t room = 0;
    Checker checker;
  };

  void open(Member& member) {
    member = Member();
    Client& client = member.client;
    client.transport = std::make_shared<MemoryTransport>();
    auto protocol = std::make_unique<WordSession>(true);
    client.protocol = protocol.get();
    client.connection =
        engine_.attach(lane_, client.transport, std::move(protocol), framing_, nullptr);
    client.transport->bind(client.connection);
    if (!client.connect("user" + std::to_string(random_.below(20))).ok()) ++errors;
    member.room = random_.below(kRooms);
    const auto joined = client.join(room_name(member.room));
    if (!joined->ok()) {
      ++errors;
      return;
    }
    member.checker.joined((*joined)->position->offset);
  }
  void read(Member& member) {
    for (const auto& word : member.client.read())
      member.checker.check(word);
  }
  void close(Member& member) {
    errors += member.checker.errors;
    read_total += member.checker.read;
    if (random_.below(2) == 0) {
      member.client.transport->hang_up();
    } else {
      member.client.session().close(kForceReconnect);
    }
    member = Member();
  }

  Engine& engine_;
  const std::size_t lane_;
  SeededRandom random_;
  LengthFraming framing_;
  std::vector<Member> members_;
};

// Publishes until there is room for it, and waits for the answer, which may come from elsewhere.
void publish_one(Engine& engine, const std::string& room, const std::string& text) {
  for (;;) {
    std::promise<absl::Status> answer;
    engine.publish(room, Payload(text), {},
                   [&](auto result) { answer.set_value(result.status()); });
    if (answer.get_future().get().ok()) return;
    std::this_thread::yield();
  }
}

void publish_all(Engine& engine, std::size_t publisher, int messages) {
  SeededRandom random(100 + publisher);
  for (int number = 1; number <= messages; ++number) {
    const std::string text = "[" + std::to_string(publisher) + "," + std::to_string(number) + "]";
    publish_one(engine, room_name(random.below(kRooms)), text);
  }
}

// Runs `task` on the lane and waits for it.
void run_on(ThreadScheduler& scheduler, absl::AnyInvocable<void()> task) {
  std::promise<void> done;
  scheduler.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

// The store goes when the lanes no longer run, and before their schedulers do.
void run_crowds(Durability durability, std::unique_ptr<MessageStore> store, int messages) {
  std::vector<std::unique_ptr<ThreadScheduler>> schedulers;
  World settings(1);  // its handlers; its clock is not used
  EngineOptions options;
  options.handlers = std::move(settings.options.handlers);
  options.handlers.room_options = [&](std::string_view) {
    // What is stored need not be in memory.
    RoomOptions room =
        with_history(store == nullptr ? kPublishers * static_cast<std::size_t>(messages) : 50);
    room.durability = durability;
    room.tail_events_max = 256;
    room.presence = true;
    return room;
  };
  for (std::size_t i = 0; i < kLanes; ++i) {
    schedulers.push_back(std::make_unique<ThreadScheduler>());
    options.lanes.push_back(schedulers.back().get());
  }
  options.storage.store = store.get();
  auto engine = *Engine::create(std::move(options));
  if (store != nullptr) {  // from now on the rooms are open, and joins are answered at once
    for (std::size_t i = 0; i < kRooms; ++i)
      publish_one(*engine, room_name(i), "0");
  }

  std::vector<std::unique_ptr<Crowd>> crowds;
  for (std::size_t i = 0; i < kLanes; ++i)
    crowds.push_back(std::make_unique<Crowd>(*engine, i));
  std::vector<std::thread> publishers;
  for (std::size_t i = 0; i < kPublishers; ++i) {
    publishers.emplace_back([&, i] { publish_all(*engine, i, messages); });
  }
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      run_on(*schedulers[i], [&] { crowds[i]->round(); });
    }

    engine->presence_stats("room0").status().IgnoreError();
  }
  for (auto& publisher : publishers)
    publisher.join();
  std::promise<void> drained;
  for (std::size_t i = 0; i < kLanes; ++i) {
    run_on(*schedulers[i], [&] { crowds[i]->finish(); });
  }
  engine->drain({}, [&] { drained.set_value(); });
  drained.get_future().wait();
  for (auto& scheduler : schedulers)
    scheduler->stop();
  const bool stored = store != nullptr;
  store.reset();

  std::uint64_t read = 0;
  for (const auto& crowd : crowds) {
    CHECK(crowd->errors == 0);
    read += crowd->read_total;
  }
  CHECK(read > 0);
  const EngineCounters counters = engine->counters_now();
  CHECK(counters.published ==
        kPublishers * static_cast<std::size_t>(messages) + (stored ? kRooms : 0));
  CHECK(counters.waiting == 0);
  CHECK(counters.sessions == 0);
  CHECK(counters.subscriptions == 0);
  CHECK(counters.expected == counters.delivered + counters.left_before_delivery);
}

// A fresh store of this name, in a folder that goes with it.
struct StoreOnDisk {
  StoreOnDisk() : folder(std::filesystem::temp_directory_path() / "madang-stress-XXXXXX") {
    std::string path = folder.string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    folder = path;
    auto made = make_store({.name = "sqlite:" + (folder / "messages.db").string()});
    if (!made.ok()) made = make_store({.name = "memory"});
    store = std::move(made->store);
  }
  ~StoreOnDisk() { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
  std::unique_ptr<MessageStore> store;
};

}  // namespace

TEST_CASE("threads: eight publishers and four lanes with members that come and go lose nothing") {
  run_crowds(Durability::kMemory, nullptr, 1500);
}

TEST_CASE("threads: the same in rooms that are stored afterwards") {
  StoreOnDisk disk;
  run_crowds(Durability::kWriteBehind, std::move(disk.store), 1500);
}

TEST_CASE("threads: the same in rooms that are stored first") {
  StoreOnDisk disk;
  run_crowds(Durability::kDurable, std::move(disk.store), 100);
}
