// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/dual_write_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "storage/dual_write_fixture.h"

namespace madang {
namespace {

using conformance::message;
using conformance::messages;
using Fate = DistantStore::Fate;

class DualWriteStoreUnderTest : public StoreUnderTest {
 public:
  explicit DualWriteStoreUnderTest(bool reads_from_new) {
    options_.reads_from_new = reads_from_new;
  }
  std::unique_ptr<MessageStore> make() override {
    return std::make_unique<DualWriteStore>(std::make_unique<MemoryStore>(old_),
                                            std::make_unique<MemoryStore>(new_), options_);
  }
  bool go_back_in_time() override {
    (options_.reads_from_new ? new_ : old_)->become_another_lineage();
    return true;
  }
  std::chrono::milliseconds search_lag_max() const override { return {}; }

 private:
  DualWriteOptions options_;
  const std::shared_ptr<MemoryStoreData> old_ = std::make_shared<MemoryStoreData>();
  const std::shared_ptr<MemoryStoreData> new_ = std::make_shared<MemoryStoreData>();
};

// Rooms of all kinds: long, cut off, empty, with a hole, of two epochs.
void fill_rooms(MessageStore& store) {
  using F = DualWriteFixture;
  for (int room = 0; room < 30; ++room) {
    const auto name = "room" + std::to_string(room);
    REQUIRE(F::append(store, messages(name, 1, 5 + static_cast<std::uint64_t>(room))).ok());
  }
  REQUIRE(F::append(store, messages("long", 1, 1234)).ok());
  REQUIRE(F::append(store, messages("hole", 1, 3)).ok());
  REQUIRE(F::append(store, messages("hole", 100, 103, "e2")).ok());
  const auto cut = [&](const char* room, std::uint64_t offset) {
    REQUIRE(F::append(store, messages(room, 1, 9)).ok());
    REQUIRE(F::answer<void>([&](auto done) { store.remove(room, offset, std::move(done)); }).ok());
  };
  cut("cut", 4);
  cut("empty", 9);
}

TEST_CASE("dual write: two stores keep every promise of one, whichever decides") {
  for (const bool reads_from_new : {false, true}) {
    for (const auto& broken : check_message_store(
             [&] { return std::make_unique<DualWriteStoreUnderTest>(reads_from_new); })) {
      FAIL_CHECK(broken);
    }
  }
}

TEST_CASE_FIXTURE(DualWriteFixture, "backfill: an empty store becomes the same as the old one") {
  with_store(old_data, fill_rooms);
  auto store = make({.page_messages_max = 7, .page_rooms_max = 3});
  REQUIRE(open(*store).ok());
  const auto before = verify(*store);
  CHECK(std::count(before.begin(), before.end(), ',') == 33);

  std::vector<BackfillProgress> seen;
  CHECK(answer<void>([&](auto done) {
          store->backfill([&](const BackfillProgress& now) { seen.push_back(now); },
                          std::move(done));
        }).ok());
  CHECK(verify(*store) == "");
  REQUIRE(seen.size() > 10);
  CHECK(seen.back().pass == 2);
  CHECK(seen.back().rooms == 34);
  CHECK(seen.back().copied == 30 * 5 + 29 * 30 / 2 + 1234 + 7 + 5 + 1);
  CHECK(close(*store).ok());
  store.reset();

  with_store(new_data, [](MessageStore& copy) {
    CHECK(load(copy, "empty").top == 9);
    CHECK(load(copy, "empty").first == 10);
    CHECK(load(copy, "hole").epoch == "e2");
    CHECK(load(copy, "cut").first == 5);
    CHECK(load(copy, "long").continuity == Continuity::kComplete);
  });
}

TEST_CASE_FIXTURE(DualWriteFixture, "backfill: what was removed in the old store goes in the new") {
  with_store(new_data, fill_rooms);
  with_store(old_data, [](MessageStore& store) {
    fill_rooms(store);
    for (const char* room : {"long", "hole"})
      answer<void>([&](auto done) { store.remove(room, 2, std::move(done)); }).IgnoreError();
  });
  auto store = make();
  REQUIRE(open(*store).ok());
  CHECK(verify(*store) == "hole, long");
  CHECK(backfill(*store).ok());
  CHECK(verify(*store) == "");
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "verify: names every room that differs, and why makes no odds") {
  with_store(old_data, fill_rooms);
  with_store(new_data, [](MessageStore& store) {
    fill_rooms(store);
    REQUIRE(append(store, {message("room3", 9)}).ok());  // a message more
    REQUIRE(append(store, {message("hole", 50)}).ok());  // one where there was none
    REQUIRE(append(store, messages("only new", 1, 2)).ok());
  });
  with_store(old_data, [](MessageStore& store) {
    REQUIRE(append(store, messages("missing", 1, 2)).ok());
    REQUIRE(append(store, {message("other", 1, "this")}).ok());
  });
  with_store(new_data, [](MessageStore& store) {
    REQUIRE(append(store, {message("other", 1, "that")}).ok());
  });
  auto store = make();
  REQUIRE(open(*store).ok());
  CHECK(verify(*store) == "hole, missing, other, room3, only new");
  CHECK(absl::IsDataLoss(backfill(*store)));
  CHECK(verify(*store) == "hole, other, room3, only new");
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
}

TEST_CASE_FIXTURE(DualWriteFixture, "append: goes to both, and the old one decides") {
  auto store = make();
  REQUIRE(open(*store)->lineage == "old-1");
  CHECK(append(*store, messages("room", 1, 3)).ok());
  CHECK(absl::IsAlreadyExists(append(*store, {message("room", 3, "other"), message("x", 1)})));
  CHECK(verify(*store) == "");
  CHECK(close(*store).ok());
  store.reset();
  with_store(new_data, [](MessageStore& copy) {
    CHECK(load(copy, "room").top == 3);
    CHECK(load(copy, "x").top == 0);
  });
}

TEST_CASE_FIXTURE(DualWriteFixture, "append: a new store that fails, or is lost, delays nobody") {
  std::atomic<Fate> fate{Fate::kNotDone};
  auto store = make({.lag_bytes_max = 20'000, .tries_max = 3}, [&] { return fate.load(); });
  REQUIRE(open(*store).ok());
  for (std::uint64_t offset = 1; offset <= 200; ++offset)
    REQUIRE(append(*store, {message("room", offset)}).ok());
  CHECK(absl::IsUnavailable(backfill(*store)));
  CHECK(absl::IsUnavailable(switch_reads(*store)));
  CHECK(load(*store, "room").messages.size() == 200);

  fate = Fate::kDone;
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));  // more came than may wait
  CHECK(backfill(*store).ok());
  CHECK(verify(*store) == "");

  fate = Fate::kLost;
  CHECK(append(*store, {message("room", 201)}).ok());
  CHECK(absl::IsFailedPrecondition(backfill(*store)));
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
  CHECK(append(*store, {message("room", 202)}).ok());
  CHECK(load(*store, "room").top == 202);
  CHECK(close(*store).ok());
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "append: so much waits for a new store that fails, and no more") {
  with_store(old_data, fill_rooms);
  std::atomic<Fate> fate{Fate::kDone};
  auto store = make({.lag_bytes_max = 20'000}, [&] { return fate.load(); });
  REQUIRE(open(*store).ok());
  REQUIRE(backfill(*store).ok());
  fate = Fate::kNotDone;
  for (std::uint64_t offset = 1; offset <= 200; ++offset)
    REQUIRE(append(*store, {message("many", offset)}).ok());
  fate = Fate::kDone;
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
  CHECK(verify(*store) == "many");

  REQUIRE(backfill(*store).ok());
  fate = Fate::kNotDone;
  for (std::uint64_t offset = 1; offset <= 20; ++offset)
    REQUIRE(append(*store, {message("few", offset)}).ok());
  fate = Fate::kDone;
  CHECK(switch_reads(*store).ok());
  CHECK(load(*store, "few").messages.size() == 20);
}

TEST_CASE_FIXTURE(DualWriteFixture, "remove and expire: are done in both stores") {
  with_store(old_data, fill_rooms);
  auto store = make();
  REQUIRE(open(*store).ok());
  REQUIRE(backfill(*store).ok());
  CHECK(answer<void>([&](auto done) { store->remove("long", 1000, std::move(done)); }).ok());
  CHECK(verify(*store) == "");
  const auto expired = answer<std::size_t>(
      [&](auto done) { store->retention()->expire(conformance::at_ms(4), 1000, std::move(done)); });
  REQUIRE(expired.ok());
  CHECK(*expired == 30 * 3 + 3);
  CHECK(verify(*store) == "");
  CHECK(load(*store, "room7").first == 4);
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "append: what the old store did not acknowledge is not copied") {
  std::atomic<Fate> fate{Fate::kNotDone};
  auto store = make({}, {}, [&] { return fate.load(); });
  REQUIRE(open(*store).ok());
  CHECK(absl::IsUnavailable(append(*store, {message("room", 1)})));
  CHECK(verify(*store) == "");
  fate = Fate::kDoneUnheard;
  CHECK(absl::IsUnavailable(append(*store, {message("room", 1)})));
  fate = Fate::kDone;
  CHECK(append(*store, {message("room", 1)}).ok());
  CHECK(verify(*store) == "");
}

// Somebody who publishes, and removes now and then, until told to stop. What was acknowledged must
// be in both stores at the end, in its place.
class Load {
 public:
  explicit Load(MessageStore& store) : store_(store), thread_([this] { run(); }) {}
  std::uint64_t stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_one();
    thread_.join();
    return offset_;
  }
  std::uint64_t so_far() const { return offset_; }

 private:
  void run() {
    while (!stops_soon()) {
      const auto next = offset_ + 1;
      MessageBatch batch;
      for (int room = 0; room < 3; ++room) {
        const auto more = messages("live" + std::to_string(room), next, next + 1);
        batch.insert(batch.end(), more.begin(), more.end());
      }
      // Again, unchanged, until it is known what became of it.
      while (!DualWriteFixture::append(store_, batch).ok()) {
      }
      offset_ = next + 1;
      if (next % 101 == 0) {
        DualWriteFixture::answer<void>([&](auto done) {
          store_.remove("live0", next / 2, std::move(done));
        }).IgnoreError();
      }
    }
  }

  // Thousands a second are enough; as many as can be would be all that the stores do.
  bool stops_soon() {
    std::unique_lock lock(mutex_);
    return stopped_.wait_for(lock, std::chrono::milliseconds(1), [this] { return stopping_; });
  }

  MessageStore& store_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::atomic<std::uint64_t> offset_{0};
  std::thread thread_;
};

// Mostly done; else each of the ways to fail.
DistantStore::Fates now_and_then(unsigned seed, unsigned of) {
  auto random = std::make_shared<std::mt19937>(seed);
  return [random, of] {
    switch ((*random)() % of) {
      case 0:
        return Fate::kNotDone;
      case 1:
        return Fate::kDoneUnheard;
      default:
        return Fate::kDone;
    }
  };
}

TEST_CASE_FIXTURE(
    DualWriteFixture,
    "exchange: nothing is lost or doubled under load, with stores that fail at times") {
  with_store(old_data, fill_rooms);
  auto store = make({.lag_bytes_max = 50'000, .page_messages_max = 50, .passes_max = 1000},
                    now_and_then(1, 4), now_and_then(2, 20));
  REQUIRE(open(*store).ok());
  Load load_on(*store);
  // Done when both hold the same at one moment, so it may take more than one try.
  absl::Status switched = absl::UnavailableError("not tried");
  for (int tries = 0; tries < 200 && !switched.ok(); ++tries) {
    CHECK(backfill(*store).ok());
    switched = switch_reads(*store);
  }
  CHECK(switched.ok());
  const auto at_switch = load_on.so_far();
  while (load_on.so_far() < at_switch + 100)
    REQUIRE(load(*store, "live1").top >= at_switch);
  const auto last = load_on.stop();

  CHECK(backfill(*store).ok());  // the other way round now
  CHECK(verify(*store) == "");
  CHECK(close(*store).ok());
  store.reset();
  for (const auto& data : {old_data, new_data}) {
    with_store(data, [&](MessageStore& kept) {
      CHECK(conformance::same_messages(load(kept, "live1").messages, messages("live1", 1, last)));
      CHECK(load(kept, "live0").top == last);
      CHECK(load(kept, "long").messages.size() == 1234);
    });
  }
}

TEST_CASE_FIXTURE(DualWriteFixture, "switch: not before nothing is missing, and only once") {
  with_store(old_data, fill_rooms);
  auto store = make();
  REQUIRE(open(*store).ok());
  const auto stop_old = [&] {
    return answer<void>([&](auto done) { store->stop_old(std::move(done)); });
  };
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
  CHECK(absl::IsFailedPrecondition(stop_old()));
  CHECK(backfill(*store).ok());
  CHECK(switch_reads(*store).ok());
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
  CHECK(append(*store, {message("cut", 10)}).ok());
  CHECK(verify(*store) == "");

  CHECK(stop_old().ok());
  CHECK(absl::IsFailedPrecondition(stop_old()));
  CHECK(append(*store, {message("cut", 11)}).ok());
  CHECK(load(*store, "cut").top == 11);
  CHECK(verify(*store).find("UNAVAILABLE") == 0);
  with_store(old_data, [](MessageStore& old) {
    CHECK(load(old, "cut").top == 10);
    CHECK(load(old, "cut").continuity == Continuity::kComplete);
  });
  CHECK(close(*store).ok());
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "switch: waits for what is under way, and what comes waits for it") {
  std::mutex gate;
  auto store = make({}, {}, [&] {
    const std::lock_guard lock(gate);
    return Fate::kDone;
  });
  REQUIRE(open(*store).ok());
  REQUIRE(backfill(*store).ok());
  Awaited<AppendResult> appended;
  Awaited<void> switched, removed;
  {
    const std::lock_guard lock(gate);
    store->append(messages("room", 1, 9), appended.callback());
    store->switch_reads(switched.callback());
    CHECK(absl::IsDeadlineExceeded(switched.wait(std::chrono::milliseconds(100))));
    store->remove("room", 3, removed.callback());
    CHECK(removed.calls()() == 0);
  }
  CHECK(appended.wait(std::chrono::seconds(30)).ok());
  CHECK(switched.wait(std::chrono::seconds(30)).ok());
  CHECK(removed.wait(std::chrono::seconds(30)).ok());
  CHECK(load(*store, "room").first == 4);
  CHECK(load(*store, "room").top == 9);
  CHECK(verify(*store) == "");
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "continuity: what a death left behind is not mended by copying") {
  with_store(old_data, fill_rooms, false);
  auto store = make();
  REQUIRE(open(*store).ok());
  CHECK(load(*store, "cut").continuity == Continuity::kStored);
  REQUIRE(backfill(*store).ok());
  REQUIRE(switch_reads(*store).ok());
  CHECK(load(*store, "cut").continuity == Continuity::kStored);
  CHECK(close(*store).ok());
  store.reset();
  with_store(new_data, [](MessageStore& copy) {
    CHECK(load(copy, "cut").continuity == Continuity::kStored);
  });
}

TEST_CASE_FIXTURE(DualWriteFixture, "continuity: rooms of another lineage are not switched away") {
  with_store(old_data, fill_rooms);
  old_data->become_another_lineage();
  auto store = make();
  REQUIRE(open(*store).ok());
  REQUIRE(backfill(*store).ok());
  CHECK(absl::IsFailedPrecondition(switch_reads(*store)));
}

TEST_CASE_FIXTURE(DualWriteFixture, "open: a new store that does not open lets the old one go") {
  with_store(new_data, [&](MessageStore&) {
    auto store = make();
    CHECK(absl::IsFailedPrecondition(open(*store).status()));
    with_store(old_data, [](MessageStore& old) { CHECK(append(old, {message("a", 1)}).ok()); });
  });
}

TEST_CASE_FIXTURE(DualWriteFixture,
                  "close and destruction: end a copy that is under way, in words") {
  with_store(old_data, fill_rooms);
  for (const bool closes : {true, false}) {
    auto store = make({.page_messages_max = 1});
    REQUIRE(open(*store).ok());
    std::vector<Awaited<void>> fills(5);
    std::vector<Awaited<AppendResult>> appends(3);
    for (auto& fill : fills)
      store->backfill({}, fill.callback());
    for (std::size_t i = 0; i < appends.size(); ++i)
      store->append({message("more" + std::to_string(i), 1)}, appends[i].callback());
    if (closes) CHECK(close(*store).ok());
    store.reset();
    for (auto& fill : fills)
      CHECK(fill.calls()() == 1);
    CHECK(absl::IsUnavailable(fills.back().wait(std::chrono::seconds(0))));
    for (auto& append : appends)
      CHECK(append.calls()() == 1);
  }
}

TEST_CASE_FIXTURE(DualWriteFixture, "calls: too many at once are refused") {
  auto store = make();
  REQUIRE(open(*store).ok());
  std::vector<Awaited<std::vector<std::string>>> many(500);
  std::size_t refused = 0;
  for (auto& one : many)
    store->verify(one.callback());
  for (auto& one : many) {
    const auto answer = one.wait(std::chrono::seconds(30));
    refused += absl::IsResourceExhausted(answer.status()) ? 1 : 0;
    CHECK((answer.ok() || absl::IsResourceExhausted(answer.status())));
  }
  CHECK(refused > 0);
}

}  // namespace
}  // namespace madang
