// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/retention_keeper.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "madang/storage/memory/memory_store.h"
#include "madang/testing/answer_now.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/message_store/messages.h"

namespace madang {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::answer_now;

// A store that is asked to expire, and answers when the test says so.
class AskedStore final : public MessageStore, public MessageRetention {
 public:
  struct Call {
    WallTime before;
    std::size_t messages_max;
    MonoTime at;
    Callback<std::size_t> done;
  };

  explicit AskedStore(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  MessageRetention* retention() override { return this; }
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    calls_.push_back({before, messages_max, scheduler_.now(), std::move(done)});
  }

  std::size_t waiting() const { return calls_.size(); }
  const Call& oldest() const { return calls_.front(); }
  // Answers the oldest call, and lets what follows from that happen.
  void answer(absl::StatusOr<std::size_t> count) {
    auto done = std::move(calls_.front().done);
    calls_.pop_front();
    done(std::move(count));
    scheduler_.run_ready();
  }
  void forget() { calls_.clear(); }

  // Nobody calls these.
  void open(Callback<OpenResult> done) override { done(not_done_); }
  void load(LoadRequest, Callback<StoredRoom> done) override { done(not_done_); }
  void append(MessageBatch, Callback<AppendResult> done) override { done(not_done_); }
  void read(PageRequest, Callback<StoredPage> done) override { done(not_done_); }
  void remove(std::string, std::uint64_t, StatusCallback done) override { done(not_done_); }
  void close(StatusCallback done) override { done(not_done_); }
  void rooms(std::string, std::size_t, Callback<std::vector<RoomSummary>> done) override {
    done(not_done_);
  }

 private:
  const absl::Status not_done_ = absl::UnimplementedError("only expire()");
  ManualScheduler& scheduler_;
  std::deque<Call> calls_;
};

// A scheduler and what lives by it; an hour's looks.
struct World {
  ManualClock clock;
  ManualScheduler scheduler{clock};
  AskedStore store{scheduler};
  SeededRandom random{7};
  std::unique_ptr<RetentionKeeper> keeper;

  RetentionOptions options() {
    RetentionOptions options;
    options.keep_for = days(30);
    options.step_messages_max = 10;
    options.random = &random;
    return options;
  }
  void start(RetentionOptions options) {
    auto made = RetentionKeeper::make(scheduler, store, std::move(options));
    REQUIRE(made.ok());
    keeper = *std::move(made);
    keeper->start();
    scheduler.run_ready();
  }
  // To where the store is asked next.
  void until_asked() {
    for (int i = 0; i < 10'000 && store.waiting() == 0; ++i)
      clock.advance(minutes(1));
    REQUIRE(store.waiting() == 1);
  }
};

TEST_CASE("retention: messages are removed in steps, with a pause, until there are no more") {
  World world;
  world.start(world.options());
  CHECK(world.store.waiting() == 0);
  world.until_asked();
  const WallTime before = world.store.oldest().before;
  CHECK(world.clock.wall_now() - before >= days(30));
  CHECK(world.clock.wall_now() - before < days(30) + minutes(2));
  CHECK(world.store.oldest().messages_max == 10);
  CHECK(world.keeper->state().running);
  for (int step = 1; step <= 3; ++step) {
    world.store.answer(10);
    CHECK(world.store.waiting() == 0);  // the live path has its turn
    world.clock.advance(std::chrono::milliseconds(99));
    CHECK(world.store.waiting() == 0);
    world.clock.advance(std::chrono::milliseconds(1));
    REQUIRE(world.store.waiting() == 1);
    CHECK(world.store.oldest().before == before);
  }
  world.store.answer(4);
  const auto state = world.keeper->state();
  CHECK_FALSE(state.running);
  CHECK(state.runs == 1);
  CHECK(state.removed == 34);
  CHECK(state.failures == 0);
  CHECK(state.last_run == world.clock.wall_now());
  world.clock.advance(minutes(44));
  CHECK(world.store.waiting() == 0);
  world.clock.advance(minutes(16));
  CHECK(world.store.waiting() == 1);
}

TEST_CASE("retention: one call is under way however long it takes") {
  World world;
  world.start(world.options());
  world.until_asked();
  world.clock.advance(days(3));
  CHECK(world.store.waiting() == 1);
  CHECK(world.keeper->state().running);
  world.keeper->start();  // a second time is no second keeper
  world.clock.advance(days(3));
  CHECK(world.store.waiting() == 1);
}

TEST_CASE("retention: nodes that start together come at other times") {
  std::vector<MonoTime> first;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    World world;
    world.random = SeededRandom(seed);
    world.start(world.options());
    world.until_asked();
    CHECK(world.store.oldest().at <= MonoTime(hours(1)));
    first.push_back(world.store.oldest().at);
  }
  std::sort(first.begin(), first.end());
  CHECK(first.back() - first.front() > minutes(20));
  CHECK(std::unique(first.begin(), first.end()) == first.end());
}

TEST_CASE("retention: a failure is tried again soon, and later each time, up to the usual") {
  World world;
  world.start(world.options());
  world.until_asked();
  Duration longest = minutes(1);
  for (std::uint64_t failures = 1; failures <= 10; ++failures) {
    const MonoTime failed_at = world.clock.now();
    world.store.answer(absl::UnavailableError("not now"));
    CHECK(world.keeper->state().failures == failures);
    CHECK(world.keeper->state().runs == failures);
    CHECK(world.keeper->state().last_run == WallTime());
    world.until_asked();
    const Duration waited = world.store.oldest().at - failed_at;
    CHECK(waited <= longest);
    CHECK(waited >= longest / 2);
    longest = std::min<Duration>(2 * longest, hours(1));
  }
  world.store.answer(0);
  CHECK(world.keeper->state().last_run != WallTime());
  CHECK(absl::IsUnavailable(world.keeper->state().last_failure));
  world.until_asked();
  const MonoTime failed_at = world.clock.now();
  world.store.answer(absl::UnavailableError("not now"));
  world.until_asked();
  CHECK(world.store.oldest().at - failed_at <= minutes(1));
}

TEST_CASE("retention: a callback that is dropped is a failure, and one that comes twice is none") {
  World world;
  world.start(world.options());
  world.until_asked();
  world.store.forget();
  world.scheduler.run_ready();
  CHECK(world.keeper->state().failures == 1);
  CHECK_FALSE(world.keeper->state().running);
  world.keeper.reset();

  std::vector<Callback<std::size_t>> moves;
  auto options = world.options();
  options.keep_for.reset();
  options.warm_for = days(1);
  options.move = [&](WallTime, Callback<std::size_t> done) { moves.push_back(std::move(done)); };
  world.start(std::move(options));
  world.clock.advance(hours(1));
  REQUIRE(moves.size() == 1);
  moves[0](5);
  moves[0](5);
  world.scheduler.run_ready();
  CHECK(world.keeper->state().moved == 5);
  CHECK(world.keeper->state().runs == 1);
}

TEST_CASE(
    "retention: what is cold is moved after what is too old has gone, and if that fails too") {
  World world;
  std::vector<WallTime> moves;
  Callback<std::size_t> moved;
  auto options = world.options();
  options.warm_for = days(7);
  options.move = [&](WallTime before, Callback<std::size_t> done) {
    moves.push_back(before);
    moved = std::move(done);
  };
  world.start(std::move(options));
  world.until_asked();
  const WallTime before = world.store.oldest().before;
  CHECK(moves.empty());
  world.store.answer(absl::DataLossError("damaged"));
  REQUIRE(moves.size() == 1);
  CHECK(moves[0] == before + days(23));
  CHECK(world.keeper->state().running);
  moved(123);
  world.scheduler.run_ready();
  CHECK(world.keeper->state().moved == 123);
  CHECK(world.keeper->state().failures == 1);
  world.until_asked();
  world.store.answer(3);
  REQUIRE(moves.size() == 2);
  moved(absl::FailedPreconditionError("an export is running"));
  world.scheduler.run_ready();
  const auto state = world.keeper->state();
  CHECK_FALSE(state.running);
  CHECK(state.failures == 2);
  CHECK(state.removed == 3);
  CHECK(state.moved == 123);
}

TEST_CASE("retention: destroyed while a call is under way it asks no more") {
  World world;
  world.start(world.options());
  world.until_asked();
  world.keeper.reset();
  world.store.answer(10);
  world.clock.advance(days(2));
  CHECK(world.store.waiting() == 0);
  CHECK_FALSE(world.scheduler.next_timer());

  world.start(world.options());
  world.until_asked();
  world.store.answer(10);  // now the pause
  world.keeper->stop();
  CHECK_FALSE(world.keeper->state().running);
  world.keeper->start();
  world.clock.advance(days(2));
  CHECK(world.store.waiting() == 0);
  CHECK_FALSE(world.scheduler.next_timer());
}

TEST_CASE("retention: an answer that comes after keeper and scheduler are gone hurts nobody") {
  auto world = std::make_unique<World>();
  Callback<std::size_t> late;
  auto options = world->options();
  options.keep_for.reset();
  options.warm_for = days(1);
  options.move = [&](WallTime, Callback<std::size_t> done) { late = std::move(done); };
  world->start(std::move(options));
  world->clock.advance(hours(1));
  REQUIRE(late != nullptr);
  world->keeper.reset();
  world.reset();
  late(5);
}

TEST_CASE("retention: a wall clock that is put forward is believed after a day, put back at once") {
  World world;
  world.start(world.options());
  const auto cut = [&] {
    world.until_asked();
    const WallTime before = world.store.oldest().before;
    world.store.answer(0);
    return world.clock.wall_now() - before;
  };
  const auto about = [](auto duration, auto wanted) {
    return duration > wanted - hours(2) && duration < wanted + hours(2);
  };
  CHECK(about(cut(), days(30)));
  world.clock.jump_wall(days(365));
  CHECK(about(cut(), days(395)));  // as if it had not been
  CHECK(about(cut(), days(395)));
  world.clock.jump_wall(-days(365));
  CHECK(about(cut(), days(30)));
  world.clock.jump_wall(days(10));
  CHECK(about(cut(), days(40)));
  world.clock.jump_wall(days(10));  // the day begins again
  const MonoTime second = world.clock.now();
  while (about(cut(), days(50)))
    REQUIRE(world.clock.now() - second < days(2));
  CHECK(world.clock.now() - second > hours(22));
  CHECK(about(cut(), days(30)));
  world.clock.jump_wall(-days(1));
  CHECK(about(cut(), days(30)));
}

TEST_CASE("retention: options that make no sense are refused") {
  World world;
  const auto refused = [&](auto change) {
    auto options = world.options();
    change(options);
    const auto made = RetentionKeeper::make(world.scheduler, world.store, std::move(options));
    return absl::IsInvalidArgument(made.status());
  };
  const auto move = [](WallTime, Callback<std::size_t> done) { done(0); };
  CHECK(refused([](auto& o) { o.keep_for.reset(); }));
  CHECK(refused([](auto& o) { o.keep_for = days(0); }));
  CHECK(refused([](auto& o) { o.keep_for = -days(1); }));
  CHECK(refused([](auto& o) { o.keep_for = std::chrono::milliseconds::max(); }));
  CHECK(refused([](auto& o) { o.every = Duration(0); }));
  CHECK(refused([](auto& o) { o.every = Duration::max(); }));
  CHECK(refused([](auto& o) { o.retry_after = Duration(0); }));
  CHECK(refused([](auto& o) { o.step_pause = -Duration(1); }));
  CHECK(refused([](auto& o) { o.step_messages_max = 0; }));
  CHECK(refused([](auto& o) { o.warm_for = days(1); }));
  CHECK(refused([&](auto& o) { o.move = move; }));
  CHECK(refused([&](auto& o) {
    o.move = move;
    o.warm_for = o.keep_for;
  }));
  CHECK_FALSE(refused([](auto& o) { o.step_pause = Duration(0); }));
}

TEST_CASE("retention: over a real store the old goes and the young stays") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  MemoryStore store;
  REQUIRE(answer_now<OpenResult>([&](auto done) { store.open(std::move(done)); }).ok());
  MessageBatch batch = conformance::messages("room", 1, 100);
  for (auto& message : batch)
    message.time = clock.wall_now() - days(100 - static_cast<int>(message.offset)) + hours(12);
  REQUIRE(answer_now<AppendResult>([&](auto done) { store.append(batch, std::move(done)); }).ok());
  RetentionOptions options;
  options.keep_for = days(30);
  options.step_messages_max = 7;
  auto keeper = RetentionKeeper::make(scheduler, store, std::move(options));
  REQUIRE(keeper.ok());
  (*keeper)->start();
  clock.advance(hours(1));
  CHECK((*keeper)->state().removed == 69);
  const auto page = answer_now<StoredPage>([&](auto done) {
    store.read(conformance::page_of("room", 0, Direction::kUp), std::move(done));
  });
  REQUIRE(page.ok());
  CHECK(page->first == 70);
  CHECK(page->messages.size() == 31);
  clock.advance(days(40));
  CHECK((*keeper)->state().removed == 100);
}

}  // namespace
}  // namespace madang
