// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/journaled_store.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "madang/base/random.h"
#include "storage/calls.h"
#include "storage/memory_store_under_test.h"

namespace madang {
namespace {

using conformance::messages;
using testing::append;
using testing::eventually;
using testing::holds_exactly;
using testing::load;
using testing::open;
using testing::read;

// How far away a store is.
struct Distance {
  std::atomic<bool> away{false};
  // An append that is answered Unavailable has been stored all the same.
  std::atomic<bool> unheard{false};
  std::atomic<bool> taken_over{false};
  std::atomic<std::int64_t> lease_ns{Duration::max().count()};
};

class FarStore : public MessageStore {
 public:
  FarStore(std::shared_ptr<MemoryStoreData> data, std::shared_ptr<Distance> distance)
      : store_(std::move(data)), distance_(std::move(distance)) {}

  void open(Callback<OpenResult> done) override {
    if (distance_->away) return done(gone());
    open_ = true;
    store_.open(std::move(done));
  }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    if (distance_->away) return done(gone());
    store_.load(std::move(request), std::move(done));
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    if (!open_) return done(absl::FailedPreconditionError("not open"));
    if (distance_->taken_over) return done(absl::FailedPreconditionError("another writer"));
    if (distance_->unheard) store_.append(std::move(batch), [](const auto&) {});
    if (distance_->unheard || distance_->away) return done(gone());
    store_.append(std::move(batch), std::move(done));
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    if (distance_->away) return done(gone());
    store_.read(std::move(request), std::move(done));
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    if (distance_->away) return done(gone());
    store_.remove(std::move(room), offset, std::move(done));
  }
  void close(StatusCallback done) override {
    if (distance_->away) return done(gone());
    store_.close(std::move(done));
  }
  Duration lease_left() const override { return Duration(distance_->lease_ns.load()); }
  MessageSearch* search() override { return &store_; }
  MessageRetention* retention() override { return &store_; }

 private:
  static absl::Status gone() { return absl::UnavailableError("away"); }

  MemoryStore store_;
  const std::shared_ptr<Distance> distance_;
  bool open_ = false;
};

// A store, the way to it, a journal, and what was set aside.
struct Fixture {
  std::unique_ptr<JournaledStore> make(JournalOptions options = {}) {
    options.retry_min = std::chrono::milliseconds(1);
    options.retry_max = std::chrono::milliseconds(5);
    options.set_aside = [aside = aside](const StoredMessage& message, const absl::Status&) {
      aside->push_back(message);
    };
    return std::make_unique<JournaledStore>(std::make_unique<FarStore>(far, distance),
                                            std::make_unique<MemoryStore>(journal),
                                            std::move(options));
  }
  std::unique_ptr<JournaledStore> opened(JournalOptions options = {}) {
    auto store = make(std::move(options));
    REQUIRE(open(*store).ok());
    return store;
  }
  static void back(JournaledStore& store, Distance& distance) {
    distance.away = false;
    REQUIRE(eventually([&] { return !store.state().away; }));
  }
  // What is in the store once no other has it open.
  MessageBatch stored(const std::string& room) const {
    MemoryStore store(far);
    REQUIRE(open(store).ok());
    return read(store, conformance::page_of(room, 0, Direction::kUp))->messages;
  }

  std::shared_ptr<MemoryStoreData> far = std::make_shared<MemoryStoreData>();
  std::shared_ptr<MemoryStoreData> journal = std::make_shared<MemoryStoreData>();
  std::shared_ptr<Distance> distance = std::make_shared<Distance>();
  std::shared_ptr<MessageBatch> aside = std::make_shared<MessageBatch>();
};

bool taken(const absl::StatusOr<AppendResult>& result) {
  return result.ok() && result->refused.empty();
}

class JournaledStoreUnderTest : public MemoryStoreUnderTest {
 public:
  std::unique_ptr<MessageStore> make() override {
    JournalOptions options;
    options.set_aside = [](const StoredMessage&, const absl::Status&) {};
    return std::make_unique<JournaledStore>(
        MemoryStoreUnderTest::make(), std::make_unique<MemoryStore>(journal_), std::move(options));
  }

 private:
  const std::shared_ptr<MemoryStoreData> journal_ = std::make_shared<MemoryStoreData>();
};

}  // namespace

TEST_CASE("journal: a store with one beside it is a message store") {
  for (const auto& line :
       check_message_store([] { return std::make_unique<JournaledStoreUnderTest>(); }))
    FAIL_CHECK(line);
}

TEST_CASE("journal: what the store does not take is kept, and comes to it in order") {
  Fixture fixture;
  auto store = fixture.opened();
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  CHECK(store->state().journaled == 0);
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 4, 6))));
  REQUIRE(taken(append(*store, messages("b", 1, 2))));
  REQUIRE(taken(append(*store, messages("a", 7, 7))));
  CHECK(store->state().away);
  CHECK(store->state().messages == 6);
  fixture.back(*store, *fixture.distance);
  CHECK(holds_exactly(*store, "a", 7));
  CHECK(holds_exactly(*store, "b", 2));
  CHECK(store->state().messages == 0);
  CHECK(store->state().bytes == 0);
  REQUIRE(taken(append(*store, messages("a", 8, 8))));
  CHECK(store->state().journaled == 6);
  CHECK(testing::close(*store).ok());
  CHECK(fixture.aside->empty());
}

TEST_CASE("journal: every field of a message comes through it as it was, whatever its room") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  MessageBatch sent;
  for (const std::string& room : {std::string("it's \"100%\" \\ $1"), std::string("\0nul\0", 5),
                                  std::string("\xff\xfe"), std::string("journal")}) {
    sent.push_back(conformance::message(room, 1, std::string("\0\xff data", 7)));
    sent.back().tags = {{"room", "no room"}, {"", "\xff"}};
    sent.back().idempotency_key = std::string("k\0ey", 4);
    sent.back().info = std::make_shared<const ClientInfo>(
        ClientInfo{.user = "ann", .connection_info = "{}", .room_info = "[1]"});
  }
  REQUIRE(taken(append(*store, sent)));
  store.reset();
  fixture.distance->away = false;
  store = fixture.opened();
  for (const StoredMessage& message : sent) {
    const auto page = read(*store, conformance::page_of(message.room, 0, Direction::kUp));
    REQUIRE(page.ok());
    CHECK(conformance::same_messages(page->messages, {message}));
    CHECK(load(*store, message.room)->keys.size() == 1);
  }
}

TEST_CASE("journal: what it holds outlives a crash, and open() gives it to the store") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 500))));
  store.reset();
  CHECK(fixture.stored("a").empty());
  fixture.distance->away = false;
  store = fixture.opened();
  CHECK(!store->state().away);
  CHECK(holds_exactly(*store, "a", 500));
  CHECK(testing::close(*store).ok());
}

TEST_CASE("journal: as long as the store can not be opened, the journal waits") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 5))));
  store = nullptr;
  store = fixture.make();
  CHECK(absl::IsUnavailable(open(*store).status()));
  CHECK(absl::IsUnavailable(open(*store).status()));
  fixture.distance->away = false;
  REQUIRE(open(*store).ok());
  CHECK(holds_exactly(*store, "a", 5));
}

TEST_CASE("journal: without a lease nothing is taken that the store did not take") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  fixture.distance->lease_ns = 0;
  CHECK(absl::IsUnavailable(append(*store, messages("a", 1, 3)).status()));
  CHECK(!store->state().away);
  // It ends while messages are in the journal: these stay, and no other comes in.
  fixture.distance->lease_ns = 1;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  fixture.distance->lease_ns = 0;
  CHECK(absl::IsUnavailable(append(*store, messages("a", 4, 4)).status()));
  fixture.back(*store, *fixture.distance);
  CHECK(holds_exactly(*store, "a", 3));
  REQUIRE(taken(append(*store, messages("a", 4, 4))));
}

TEST_CASE("journal: what the store did without a word is not done twice") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->unheard = true;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  fixture.distance->unheard = false;
  fixture.back(*store, *fixture.distance);
  CHECK(holds_exactly(*store, "a", 3));
  CHECK(fixture.aside->empty());
}

TEST_CASE("journal: what the store refuses in the end is set aside, once") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  MessageBatch batch = messages("a", 1, 3);
  batch[1].room = "";  // no store takes it, and the journal does not look
  REQUIRE(taken(append(*store, batch)));
  fixture.back(*store, *fixture.distance);
  CHECK(conformance::same_messages(*fixture.aside, {batch[1]}));
  CHECK(store->state().set_aside == 1);
  CHECK(load(*store, "a")->messages.size() == 2);
}

TEST_CASE("journal: no page has a hole while messages of its room wait") {
  Fixture fixture;
  auto store = fixture.opened();
  REQUIRE(taken(append(*store, messages("a", 1, 10))));
  REQUIRE(taken(append(*store, messages("b", 1, 2))));
  fixture.distance->unheard = true;  // it is there to answer questions, but does not say it stores
  REQUIRE(taken(append(*store, messages("a", 11, 12))));
  CHECK(absl::IsUnavailable(load(*store, "a").status()));
  CHECK(load(*store, "b").ok());
  const auto page_from = [&](std::uint64_t cursor, Direction direction) {
    auto request = conformance::page_of("a", cursor, direction);
    request.stored_top = 12;
    return read(*store, request);
  };
  CHECK(absl::IsUnavailable(page_from(10, Direction::kUp).status()));
  CHECK(absl::IsUnavailable(page_from(12, Direction::kDown).status()));
  REQUIRE(page_from(11, Direction::kDown).ok());
  CHECK(page_from(11, Direction::kDown)->messages.size() == 10);
  REQUIRE(page_from(3, Direction::kUp).ok());
  CHECK(page_from(3, Direction::kUp)->messages.front().offset == 4);
  CHECK(absl::IsUnavailable(
      testing::answer<void>([&](auto done) { store->remove("a", 5, std::move(done)); })));
  fixture.distance->unheard = false;
  fixture.back(*store, *fixture.distance);
  CHECK(page_from(10, Direction::kUp)->messages.size() == 2);
}

TEST_CASE("journal: a full one takes no more, and loses nothing") {
  Fixture fixture;
  JournalOptions options;
  options.messages_max = 5;
  auto store = fixture.opened(std::move(options));
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 4))));
  // An append may wait for a replay that then fails, and is judged after that.
  CHECK(absl::IsResourceExhausted(append(*store, messages("a", 5, 6)).status()));
  REQUIRE(taken(append(*store, messages("a", 5, 5))));
  CHECK(absl::IsResourceExhausted(append(*store, messages("a", 6, 6)).status()));
  fixture.back(*store, *fixture.distance);
  CHECK(holds_exactly(*store, "a", 5));
  store.reset();

  JournalOptions narrow;
  narrow.bytes_max = 1000;
  store = fixture.opened(std::move(narrow));
  fixture.distance->away = true;
  CHECK(absl::IsResourceExhausted(append(*store, messages("b", 1, 100)).status()));
  CHECK(!store->state().away);
}

TEST_CASE("journal: another writer ends it, and what it holds stays in it") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  fixture.distance->taken_over = true;
  fixture.distance->away = false;
  std::size_t top = 3;
  CHECK(eventually([&] {  // until it knows, it goes on
    const auto result = append(*store, messages("a", 4, 4));
    if (taken(result)) top = 4;
    return absl::IsFailedPrecondition(result.status());
  }));
  CHECK(absl::IsFailedPrecondition(testing::close(*store)));
  store.reset();
  // The other has left, and it has put other messages in these places.
  {
    MemoryStore other(fixture.far);
    REQUIRE(open(other).ok());
    REQUIRE(taken(append(other, {conformance::message("a", 1, "other")})));
  }
  fixture.distance->taken_over = false;
  store = fixture.opened();
  CHECK(conformance::same_messages(*fixture.aside, messages("a", 1, 1)));
  CHECK(store->state().set_aside == 1);
  CHECK(!store->state().away);
  CHECK(load(*store, "a")->messages.size() == top);
}

TEST_CASE("journal: close() says if the store did not take all, and the next open() gives it") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  CHECK(absl::IsUnavailable(testing::close(*store)));
  store.reset();
  fixture.distance->away = false;
  store = fixture.opened();
  CHECK(load(*store, "a")->continuity == Continuity::kStored);
  CHECK(holds_exactly(*store, "a", 3));
}

TEST_CASE("journal: a room that a dead process left in it is not trusted until it begins anew") {
  Fixture fixture;
  const auto continuity = [](JournaledStore& store) { return load(store, "a")->continuity; };
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  store.reset();
  fixture.distance->away = false;
  // However well those end that did not begin it anew.
  for (int restart = 0; restart < 2; ++restart) {
    store = fixture.opened();
    CHECK(continuity(*store) == Continuity::kStored);
    CHECK(testing::close(*store).ok());
    store.reset();
  }
  store = fixture.opened();
  REQUIRE(taken(append(*store, messages("a", 4, 4, "e2"))));
  CHECK(testing::close(*store).ok());
  store.reset();
  store = fixture.opened();
  CHECK(continuity(*store) == Continuity::kComplete);
}

TEST_CASE("journal: one that is not what it was stops open(), and so does no place for the rest") {
  Fixture fixture;
  auto store = fixture.opened();
  fixture.distance->away = true;
  REQUIRE(taken(append(*store, messages("a", 1, 3))));
  store.reset();
  fixture.journal->become_another_lineage();
  store = fixture.make();
  CHECK(absl::IsDataLoss(open(*store).status()));
  CHECK(absl::IsDataLoss(open(*store).status()));

  JournaledStore careless(std::make_unique<MemoryStore>(), std::make_unique<MemoryStore>(), {});
  CHECK(absl::IsInvalidArgument(open(careless).status()));
}

TEST_CASE("journal: foreign messages in it are damage, not messages") {
  Fixture fixture;
  {
    MemoryStore journal(fixture.journal);
    REQUIRE(open(journal).ok());
    REQUIRE(taken(append(journal, messages("journal", 1, 2))));
  }
  auto store = fixture.make();
  CHECK(absl::IsDataLoss(open(*store).status()));
}

TEST_CASE("journal: whatever way the store comes and goes, what is acknowledged is there once") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Fixture fixture;
    SeededRandom random(seed);
    JournalOptions small;
    small.batch_messages_max = 1 + random.below(20);
    auto store = fixture.opened(std::move(small));
    std::map<std::string, std::uint64_t> tops;
    for (int step = 0; step < 60; ++step) {
      const auto fate = random.below(12);
      if (fate < 3) fixture.distance->away = !fixture.distance->away;
      if (fate == 3) fixture.distance->unheard = !fixture.distance->unheard;
      if (fate == 4) {  // killed
        store.reset();
        fixture.distance->away = false;
        fixture.distance->unheard = false;
        store = fixture.opened();
      }
      const std::string room = "room" + std::to_string(random.below(3));
      const std::uint64_t count = 1 + random.below(10);
      const MessageBatch batch = messages(room, tops[room] + 1, tops[room] + count);
      REQUIRE(taken(append(*store, batch)));
      tops[room] += count;
    }
    fixture.distance->unheard = false;
    fixture.back(*store, *fixture.distance);
    for (const auto& [room, top] : tops)
      CHECK(holds_exactly(*store, room, top));
    CHECK(fixture.aside->empty());
    CHECK(testing::close(*store).ok());
  }
}

}  // namespace madang
