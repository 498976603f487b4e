// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/stored_world.h"

using namespace madang;
using namespace madang::testing;

namespace {

const auto kBehind = stored(Durability::kWriteBehind);
const auto kDurable = stored(Durability::kDurable);

std::vector<std::string> messages(int first, int last) {
  std::vector<std::string> words;
  for (int i = first; i <= last; ++i)
    words.push_back("room " + std::to_string(i) + " " + std::to_string(i));
  return words;
}

std::string text_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += word + ", ";
  return text;
}

// The recovered messages of a join's reply, and then what follows as ordinary ones.
std::vector<std::string> all_of(const Client& client, const JoinResult& joined) {
  std::vector<std::string> all;
  for (const auto& event : joined.messages)
    all.push_back("room " + std::to_string(event->offset) + " " + std::string(event->data.view()));
  for (const auto& word : client.read())
    all.push_back(word);
  return all;
}

}  // namespace

TEST_CASE("restart: after a clean stop epoch and offsets go on, and clients recover") {
  for (const auto& options : {kBehind, kDurable}) {
    const auto data = std::make_shared<MemoryStoreData>();
    StreamPosition seen;
    {
      StoredWorld world(data, options);
      world.send_numbers("room", 1, 20);
      seen = world.position("room");
      CHECK(seen.offset == 20);
      CHECK(world.stop());
    }
    StoredWorld world(data, options);
    const Client client = world.enter("u");
    const auto joined = client.join("room", StreamPosition{15, seen.epoch});
    world.run();
    REQUIRE(joined->ok());
    CHECK((*joined)->recovered);
    CHECK((*joined)->position == seen);
    world.send_numbers("room", 21, 22);
    CHECK(all_of(client, **joined) == messages(16, 22));
    CHECK(world.imbalance() == 0);
  }
}

TEST_CASE("restart: whoever saw what a killed write-behind room lost is told so") {
  const auto data = std::make_shared<MemoryStoreData>();
  StreamPosition seen;
  {
    StoredWorld world(data, kBehind);
    world.send_numbers("room", 1, 20);
    world.store.hold();
    world.send_numbers("room", 21, 25);
    seen = world.position("room");
    CHECK(seen.offset == 25);
  }
  StoredWorld world(data, kBehind);
  world.send_numbers("room", 121, 130);
  for (const std::uint64_t offset : {15, 20, 25}) {
    const Client client = world.enter("u");
    const auto joined = client.join("room", StreamPosition{offset, seen.epoch});
    world.run();
    REQUIRE(joined->ok());
    CHECK_FALSE((*joined)->recovered);
    CHECK((*joined)->position->epoch != seen.epoch);
  }
  // The offsets go on above all that are stored, so that a cursor means one message.
  CHECK(world.position("room").offset == 30);
  CHECK(world.page("room", {.since = StreamPosition{18, ""}, .limit = 4}) ==
        std::vector<std::string>{"19", "20", "121", "122"});
}

TEST_CASE("restart: a killed durable room has all it acknowledged, under the same epoch") {
  const auto data = std::make_shared<MemoryStoreData>();
  StreamPosition seen;
  {
    StoredWorld world(data, kDurable);
    world.send_numbers("room", 1, 20);
    seen = world.position("room");
    world.store.hold();
    world.send_numbers("room", 21, 25);
    CHECK(world.position("room") == seen);
  }
  StoredWorld world(data, kDurable);
  const Client client = world.enter("u");
  const auto joined = client.join("room", StreamPosition{3, seen.epoch});
  world.run();
  REQUIRE(joined->ok());
  CHECK((*joined)->recovered);
  world.send_numbers("room", 21, 21);
  CHECK(all_of(client, **joined) == messages(4, 21));
}

TEST_CASE("restart: a store that went back in time means a new epoch for every room") {
  for (const auto& options : {kBehind, kDurable}) {
    const auto data = std::make_shared<MemoryStoreData>();
    StreamPosition seen;
    {
      StoredWorld world(data, options);
      world.send_numbers("room", 1, 5);
      seen = world.position("room");
      CHECK(world.stop());
    }
    data->become_another_lineage();
    StoredWorld world(data, options);
    world.send_numbers("room", 6, 6);
    CHECK(world.position("room").offset == 6);
    CHECK(world.position("room").epoch != seen.epoch);
  }
}

TEST_CASE("restart: an idempotency key is still known") {
  const auto data = std::make_shared<MemoryStoreData>();
  PublishOptions key;
  key.idempotency_key = "once";
  for (int start = 0; start < 2; ++start) {
    StoredWorld world(data, kDurable);
    const auto answer = world.send("room", "1", key);
    world.pass(std::chrono::seconds(1));
    REQUIRE(answer->ok());
    CHECK((*answer)->repeated == (start == 1));
    CHECK((*answer)->position.offset == 1);
  }
}

TEST_CASE("history: pages from memory and store are one, in both directions, at every cursor") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.enter("u", "room");
  world.send_numbers("room", 1, 40);  // of which memory has ten
  for (int cursor = 0; cursor <= 41; ++cursor) {
    for (const int limit : {1, 7, 100}) {
      const StreamPosition since{static_cast<std::uint64_t>(cursor), ""};
      const auto many = static_cast<std::size_t>(limit);
      if (cursor < 40) {
        CHECK(world.page("room", {.since = since, .limit = many}) ==
              numbers(cursor + 1, std::min(40, cursor + limit)));
      }
      if (cursor > 1) {
        CHECK(world.page("room", {.since = since, .limit = many, .reverse = true}) ==
              numbers(cursor - 1, std::max(1, cursor - limit)));
      }
    }
  }
  CHECK(world.page("room", {.since = {}, .limit = 5}) == numbers(1, 5));
  CHECK(world.page("room", {.since = {}, .limit = 15, .reverse = true}) == numbers(40, 26));
}

TEST_CASE("history: what is asked too much of the store is told to come again") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.options.limits.store_reads_max = 2;
  world.send_numbers("room", 1, 40);
  world.store.hold();
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    world.engine().history("room", {.since = StreamPosition{0, ""}, .limit = 5},
                           [&](const absl::StatusOr<HistoryResult>& result) {
                             refused += absl::IsResourceExhausted(result.status()) ? 1 : 0;
                           });
  }
  CHECK(refused == 3);
  world.store.release();
  world.run();
  CHECK(world.page("room", {.since = StreamPosition{0, ""}, .limit = 2}) == numbers(1, 2));
}

TEST_CASE("history: removing waits for what is on its way, and offsets go on") {
  const auto data = std::make_shared<MemoryStoreData>();
  {
    StoredWorld world(data, kBehind);
    world.send_numbers("room", 1, 20);
    world.store.hold();
    world.send_numbers("room", 21, 25);
    absl::Status removed = absl::UnknownError("no answer");
    world.engine().remove_history("room", [&](absl::Status status) { removed = status; });
    world.run();
    CHECK(absl::IsUnknown(removed));
    world.store.release();
    world.pass(std::chrono::seconds(1));
    CHECK(removed.ok());
    CHECK(world.page("room", {.since = {}, .limit = 100}).empty());
    world.send_numbers("room", 26, 27);
    CHECK(world.position("room").offset == 27);
    CHECK(world.stop());
  }
  StoredWorld world(data, kBehind);
  CHECK(world.page("room", {.since = {}, .limit = 100}) == numbers(26, 27));
}

TEST_CASE("recovery: a client that was away for long gets pages of the store, once and in order") {
  for (const std::size_t window : {std::size_t{200}, MemoryTransport::kEndlessBytes}) {
    StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
    world.options.limits.page_messages_max = 7;
    world.enter("other", "room");
    world.send_numbers("room", 1, 300);
    const auto epoch = world.position("room").epoch;
    const Client client = world.enter("u", "", 0, window);
    const auto joined = client.join("room", StreamPosition{12, epoch});
    world.run();
    REQUIRE(joined->ok());
    CHECK((*joined)->recovered);
    // It may lose its connection again at once: it is told where it stands.
    CHECK((*joined)->position->offset == 12 + (*joined)->messages.size());
    world.send_numbers("room", 301, 310);
    std::vector<std::string> all = all_of(client, **joined);
    for (int i = 0; i < 1000 && all.size() < 298; ++i) {
      world.pass(std::chrono::milliseconds(10));
      for (const auto& word : client.read())
        all.push_back(word);
    }
    CAPTURE(doctest::String(text_of(all).c_str()));
    CHECK(all == messages(13, 310));
    CHECK(world.imbalance() == 0);
  }
}

TEST_CASE("recovery: further back than the store goes means a word, and no messages") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.send_numbers("room", 1, 50);
  const auto epoch = world.position("room").epoch;
  world.engine().remove_history("room", [](const absl::Status&) {});
  world.pass(std::chrono::seconds(1));
  world.send_numbers("room", 51, 90);
  const Client client = world.enter("u");
  const auto lost = client.join("room", StreamPosition{49, epoch});
  world.run();
  CHECK_FALSE((*lost)->recovered);
  client.leave("room");
  const auto kept = client.join("room", StreamPosition{50, epoch});
  world.pass(std::chrono::seconds(1));
  CHECK((*kept)->recovered);
  CHECK(client.read() == messages(51, 90));
}

TEST_CASE(
    "slow: a member that falls behind memory is served from the store, and the account fits") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.rooms.tail_events_max = 16;
  world.options.limits.outbox_bytes_max = 2048;
  world.options.limits.outbox_events_bytes_max = 512;
  world.options.limits.page_bytes_max = 1024;
  const Client slow = world.enter("slow", "room", 0, 64);
  for (int i = 1; i <= 400; ++i) {
    PublishOptions options;
    options.keep = i % 5 != 0;
    world.send("room", std::to_string(i), options);
    if (i % 10 == 0) world.pass(std::chrono::milliseconds(20));
  }
  std::vector<std::string> all;
  for (int idle = 0; idle < 50; ++idle) {
    for (const auto& word : slow.transport->read(300)) {
      all.push_back(word.substr(word.rfind(' ') + 1));
      idle = 0;
    }
    world.pass(std::chrono::milliseconds(1));
  }
  std::erase_if(all, [](const std::string& number) { return std::stoi(number) % 5 == 0; });
  std::vector<std::string> expected;
  for (int i = 1; i <= 400; ++i) {
    if (i % 5 != 0) expected.push_back(std::to_string(i));
  }
  CAPTURE(doctest::String(text_of(all).c_str()));
  CHECK(all == expected);
  CHECK(world.store.reads > 0);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("slow: where the store does not answer either, a member behind is told") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.options.limits.store_reads_per_lane_max = 1;
  world.send_numbers("room", 1, 60);
  const auto epoch = world.position("room").epoch;
  const Client first = world.enter("a");
  const Client second = world.enter("b");
  world.store.hold();
  first.join("room", StreamPosition{5, epoch});
  second.join("room", StreamPosition{5, epoch});
  world.pass(std::chrono::seconds(1));
  CHECK(world.store.waiting() == 1);  // the other waits for its turn
  world.store.fail_reads(2, absl::UnavailableError("away"));
  world.store.release();
  world.run();
  CHECK(first.transport->close_reason() == kSlow);
  CHECK(second.transport->close_reason() == kSlow);
}
