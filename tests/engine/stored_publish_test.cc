// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/stored_world.h"

using namespace madang;
using namespace madang::testing;

namespace {

const auto kBehind = stored(Durability::kWriteBehind);
const auto kDurable = stored(Durability::kDurable);

std::vector<std::string> messages(std::string_view room, int first, int last) {
  std::vector<std::string> words;
  for (int i = first; i <= last; ++i)
    words.push_back(std::string(room) + " " + std::to_string(i) + " " + std::to_string(i));
  return words;
}

// What a store holds of a room, read by another process.
std::vector<std::string> kept_in(const std::shared_ptr<MemoryStoreData>& data,
                                 const std::string& room) {
  StoredWorld other(data, kBehind);
  return other.page(room, {.since = {}, .limit = 1000});
}

}  // namespace

TEST_CASE("write-behind: members and publisher do not wait for the store") {
  const auto data = std::make_shared<MemoryStoreData>();
  StoredWorld world(data, kBehind);
  const Client client = world.enter("u", "room");
  world.store.hold();
  const auto answer = world.send("room", "1");
  world.run();
  CHECK((*answer)->position.offset == 1);
  CHECK(client.read() == messages("room", 1, 1));
  world.pass(std::chrono::seconds(1));
  CHECK(world.engine().storage_state().write_behind.records == 1);
  CHECK(world.engine().storage_state().write_behind.age > std::chrono::milliseconds(900));
  world.store.release();
  world.pass(std::chrono::seconds(1));
  CHECK(world.engine().storage_state().write_behind.records == 0);
  CHECK(world.engine().storage_state().write_behind.written == 1);
}

TEST_CASE("write-behind: what the store lacks does not leave memory") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.enter("u", "room");
  world.store.hold();
  for (int i = 1; i <= 100; ++i)
    world.send("room", std::to_string(i));
  world.run();
  CHECK(world.page("room", {.since = StreamPosition{0, ""}, .limit = 1000}) == numbers(1, 100));
  CHECK(world.store.reads == 0);
  world.store.release();
  world.pass(std::chrono::seconds(1));
  CHECK(world.page("room", {.since = StreamPosition{0, ""}, .limit = 1000}) == numbers(1, 100));
  CHECK(world.store.reads == 1);
}

TEST_CASE("write-behind: a full pipeline answers ResourceExhausted and drops nothing") {
  const auto data = std::make_shared<MemoryStoreData>();
  {
    StoredWorld world(data, kBehind);
    world.options.storage.write_behind.records_max = 5;
    const Client client = world.enter("u", "room");
    world.store.hold();
    std::vector<StoredWorld::Answer> answers;
    for (int i = 1; i <= 8; ++i)
      answers.push_back(world.send("room", std::to_string(i)));
    for (int i = 0; i < 8; ++i)
      CHECK((*answers[i]).status().code() ==
            (i < 5 ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted));
    CHECK(world.engine().storage_state().write_behind.full == 3);
    world.run();
    CHECK(client.read() == messages("room", 1, 5));
    world.store.release();
    world.pass(std::chrono::seconds(1));
    CHECK((*world.send("room", "6"))->position.offset == 6);
    CHECK(world.stop());
  }
  CHECK(kept_in(data, "room") == numbers(1, 6));
}

TEST_CASE("write-behind: what is too old in memory stops the room from taking more") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.options.storage.write_behind.age_max = std::chrono::seconds(2);
  world.send_numbers("room", 1, 1);
  world.store.hold();
  world.send_numbers("room", 2, 2);
  world.pass(std::chrono::seconds(2));
  CHECK(absl::IsResourceExhausted(world.send("room", "3")->status()));
  world.store.release();
  world.pass(std::chrono::seconds(1));
  CHECK(world.send("room", "3")->ok());
}

TEST_CASE("write-behind: a store that fails is tried again, and holds everything once") {
  for (const bool reached : {false, true}) {
    const auto data = std::make_shared<MemoryStoreData>();
    {
      StoredWorld world(data, kBehind);
      world.send_numbers("room", 1, 3);
      world.store.fail_appends(5, absl::UnavailableError("away"), reached);
      for (int i = 4; i <= 50; ++i) {
        world.send("room", std::to_string(i));
        world.pass(std::chrono::milliseconds(10));
      }
      world.pass(std::chrono::seconds(10));
      CHECK(world.engine().storage_state().write_behind.failures == 5);
      CHECK(world.engine().storage_state().write_behind.records == 0);
    }
    CHECK(kept_in(data, "room") == numbers(1, 50));
  }
}

TEST_CASE("write-behind: a refused message is set aside, and the others are stored") {
  const auto data = std::make_shared<MemoryStoreData>();
  {
    StoredWorld world(data, kBehind);
    world.store.refuse("3", absl::InvalidArgumentError("not this one"));
    world.send_numbers("room", 1, 5);
    CHECK(world.set_aside == std::vector<std::string>{"3"});
    CHECK(world.engine().storage_state().write_behind.refused == 1);
    CHECK(world.stop());
  }
  CHECK(kept_in(data, "room") == std::vector<std::string>{"1", "2", "4", "5"});
}

TEST_CASE("write-behind: another message in a room's place stops that room, and no other") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.send_numbers("room", 1, 1);
  world.store.refuse("2", absl::AlreadyExistsError("something else is here"));
  world.send_numbers("room", 2, 2);
  CHECK(absl::IsUnavailable(world.send("room", "3")->status()));
  CHECK(world.send("elsewhere", "3")->status().code() == absl::StatusCode::kUnknown);
  world.run();
  CHECK(absl::IsUnavailable(world.enter("u").join("room")->status()));
  CHECK(world.set_aside == std::vector<std::string>{"2"});
}

TEST_CASE("write-behind: a writer that was put out of office stores nothing and says so") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.send_numbers("room", 1, 1);
  world.store.fail_appends(1, absl::FailedPreconditionError("another writer"));
  world.send_numbers("room", 2, 2);
  CHECK(world.engine().storage_state().write_behind.stopped);
  CHECK(world.set_aside == std::vector<std::string>{"2"});
  CHECK_FALSE(world.send("room", "3")->ok());
  CHECK(world.stop());
  CHECK_FALSE(world.store.closed);
}

TEST_CASE("durable: nobody sees a message, and nobody is told of it, before it is stored") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  const Client client = world.enter("u", "room");
  world.store.hold();
  const auto answer = world.send("room", "1");
  const auto asked = client.publish("room", "2");
  world.pass(std::chrono::seconds(1));
  CHECK(client.read().empty());
  CHECK(absl::IsUnknown(answer->status()));
  CHECK(absl::IsUnknown(*asked));
  CHECK(world.position("room").offset == 0);
  world.store.release();
  world.pass(std::chrono::seconds(1));
  CHECK((*answer)->position.offset == 1);
  CHECK(asked->ok());
  CHECK(client.read() == messages("room", 1, 2));
}

TEST_CASE("durable: many publishers share a batch") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  world.send_numbers("room", 1, 1);
  const auto appends = world.store.appends;
  world.store.hold();
  std::vector<StoredWorld::Answer> answers;
  for (int i = 0; i < 1000; ++i)
    answers.push_back(world.send("room" + std::to_string(i % 10), std::to_string(i)));
  world.run();
  world.store.release();
  world.run();
  CHECK(std::all_of(answers.begin(), answers.end(), [](const auto& one) { return one->ok(); }));
  CHECK(world.store.appends <= appends + 2);
}

TEST_CASE("durable: an unknown outcome is asked again until it is known; nothing comes twice") {
  for (const bool reached : {false, true}) {
    const auto data = std::make_shared<MemoryStoreData>();
    {
      StoredWorld world(data, kDurable);
      const Client client = world.enter("u", "room");
      world.store.fail_appends(3, absl::UnavailableError("away"), reached);
      const auto first = world.send("room", "1");
      const auto second = world.send("room", "2");
      world.run();
      CHECK(client.read().empty());
      CHECK(absl::IsUnavailable(world.send("room", "3")->status()));
      world.pass(std::chrono::seconds(5));
      CHECK((*first)->position.offset == 1);
      CHECK((*second)->position.offset == 2);
      CHECK(client.read() == messages("room", 1, 2));
    }
    CHECK(kept_in(data, "room") == numbers(1, 2));
  }
}

TEST_CASE("durable: a refused message fails alone, and its offset is given to the next") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  const Client client = world.enter("u", "room");
  const auto first = world.send("room", "1");
  const auto bad = world.send("room", "\"bad\"");
  world.store.refuse("\"bad\"", absl::InvalidArgumentError("not this one"));
  const auto second = world.send("room", "2");
  world.pass(std::chrono::seconds(1));
  CHECK((*first)->position.offset == 1);
  CHECK(absl::IsInvalidArgument(bad->status()));
  CHECK((*second)->position.offset == 2);
  CHECK(client.read() == messages("room", 1, 2));
}

TEST_CASE("durable: a repeated key is answered as the first was, in the same batch and after") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  PublishOptions key;
  key.idempotency_key = "k";
  const auto first = world.send("room", "1", key);
  const auto twin = world.send("room", "1", key);
  const auto other = world.send("room", "2");
  world.pass(std::chrono::seconds(1));
  const auto later = world.send("room", "1", key);
  world.pass(std::chrono::seconds(1));
  CHECK((*first)->position.offset == 1);
  CHECK_FALSE((*first)->repeated);
  for (const auto& repeated : {twin, later}) {
    CHECK((*repeated)->position.offset == 1);
    CHECK((*repeated)->repeated);
  }
  CHECK((*other)->position.offset == 2);
}

TEST_CASE("durable: messages that are not kept stay in order with those that are") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  const Client client = world.enter("u", "room");
  PublishOptions passing;
  passing.keep = false;
  world.send("room", "1");
  world.send("room", "99", passing);
  world.send("room", "2");
  world.pass(std::chrono::seconds(1));
  CHECK(client.read() == std::vector<std::string>{"room 1 1", "room 0 99", "room 2 2"});
}

TEST_CASE("durable: a full queue answers ResourceExhausted and loses nothing that it took") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kDurable);
  world.options.storage.durable.records_max = 3;
  world.send_numbers("room", 1, 1);
  world.store.hold();
  std::vector<StoredWorld::Answer> answers;
  for (int i = 2; i <= 6; ++i)
    answers.push_back(world.send("room", std::to_string(i)));
  world.run();
  CHECK(absl::IsResourceExhausted(answers[3]->status()));
  CHECK(absl::IsResourceExhausted(answers[4]->status()));
  world.store.release();
  world.pass(std::chrono::seconds(1));
  CHECK(world.page("room", {.since = {}, .limit = 10}) == numbers(1, 4));
}

TEST_CASE("drain: what is on its way is stored and the store is closed") {
  const auto data = std::make_shared<MemoryStoreData>();
  {
    StoredWorld world(data, kBehind);
    world.options.storage.write_behind.batch_delay = std::chrono::minutes(1);
    for (int i = 1; i <= 100; ++i)
      world.send("room", std::to_string(i));
    world.run();
    CHECK(world.stop());
    CHECK(world.store.closed);
  }
  CHECK(kept_in(data, "room") == numbers(1, 100));
}

TEST_CASE("drain: a store that does not answer holds it up for so long and no longer") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.send_numbers("room", 1, 1);
  world.store.hold();
  world.send_numbers("room", 2, 2);
  bool done = false;
  world.engine().drain({}, [&] { done = true; });
  world.pass(std::chrono::seconds(19));
  CHECK_FALSE(done);
  world.pass(std::chrono::seconds(2));
  CHECK(done);
}
