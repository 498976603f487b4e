// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "storage/archive/archive_fixture.h"

namespace madang {
namespace {

using conformance::all_of;
using conformance::page_of;
using conformance::same_messages;

MessageBatch wanted(const MessageBatch& all, std::uint64_t cursor, Direction direction,
                    std::size_t messages_max) {
  MessageBatch page;
  for (const auto& message : all) {
    const bool up = direction == Direction::kUp;
    if (up ? message.offset > cursor : message.offset < cursor) page.push_back(message);
  }
  if (direction == Direction::kDown) std::reverse(page.begin(), page.end());
  if (page.size() > messages_max) page.resize(messages_max);
  return page;
}

TEST_CASE("archive: pages over the seam are dense at every cursor in both directions") {
  const ArchiveTestFolder folder;
  const auto data = std::make_shared<MemoryStoreData>();
  WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
  const auto all = three_months();
  REQUIRE(archive.append(all));
  const auto exported = archive.export_before(begin_of_march());
  REQUIRE(exported.ok());
  CHECK(exported->messages == 40);
  CHECK(exported->files == 4);
  CHECK(folder.files().size() == 4);

  for (const auto direction : {Direction::kUp, Direction::kDown}) {
    for (std::uint64_t cursor = 0; cursor <= 62; ++cursor) {
      for (const std::size_t count : {1, 3, 25, 100}) {
        const auto page = archive.read(page_of("room", cursor, direction, count));
        REQUIRE(page.ok());
        CHECK(page->first == 1);
        CHECK(same_messages(page->messages, wanted(all, cursor, direction, count)));
      }
      const std::size_t bytes = 3 * all.front().bytes() + 10;
      const auto page = archive.read(page_of("room", cursor, direction, 100, bytes));
      REQUIRE(page.ok());
      CHECK(same_messages(page->messages, wanted(all, cursor, direction, 3)));
    }
  }
}

// A store of which another process has become the writer.
class FencedStore : public MessageStore, public MessageRetention {
 public:
  explicit FencedStore(std::shared_ptr<std::atomic<bool>> fenced) : fenced_(std::move(fenced)) {}
  void open(Callback<OpenResult> done) override { store_.open(std::move(done)); }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    store_.load(std::move(request), std::move(done));
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    if (*fenced_) return done(taken_over());
    store_.append(std::move(batch), std::move(done));
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    store_.read(std::move(request), std::move(done));
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    if (*fenced_) return done(taken_over());
    store_.remove(std::move(room), offset, std::move(done));
  }
  void close(StatusCallback done) override { store_.close(std::move(done)); }
  MessageRetention* retention() override { return this; }
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override {
    store_.rooms(std::move(after), rooms_max, std::move(done));
  }
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    if (*fenced_) return done(taken_over());
    store_.expire(before, messages_max, std::move(done));
  }

 private:
  static absl::Status taken_over() { return absl::FailedPreconditionError("another writer"); }

  MemoryStore store_;
  const std::shared_ptr<std::atomic<bool>> fenced_;
};

TEST_CASE("archive: a writer that was replaced deletes no files of the one that came after it") {
  const ArchiveTestFolder folder;
  const auto fenced = std::make_shared<std::atomic<bool>>(false);
  WaitingArchive archive(std::make_unique<FencedStore>(fenced), folder.path());
  REQUIRE(archive.append(three_months()));
  REQUIRE(archive.export_before(begin_of_march()).ok());
  const auto files = folder.files();
  *fenced = true;
  CHECK(absl::IsFailedPrecondition(archive.remove("room", 30)));
  CHECK(absl::IsFailedPrecondition(wait_for<std::size_t>([&](auto done) {
                                     archive.get().retention()->expire(begin_of_march(), 1000,
                                                                       std::move(done));
                                   }).status()));
  CHECK(folder.files() == files);
  *fenced = false;
  CHECK(archive.remove("room", 30).ok());
  CHECK(folder.files().size() < files.size());
}

TEST_CASE("archive: load goes over the seam, with keys, first and top") {
  const ArchiveTestFolder folder;
  WaitingArchive archive(std::make_unique<MemoryStore>(), folder.path());
  const auto all = three_months();
  REQUIRE(archive.append(all));
  const auto before = archive.load(all_of("room"));
  auto few = all_of("room");
  few.messages_max = 33;
  few.keys_max = 5;
  const auto few_before = archive.load(few);
  REQUIRE(archive.export_before(begin_of_march()).ok());
  for (const auto& [request, old] : {std::pair{all_of("room"), before}, {few, few_before}}) {
    const auto now = archive.load(request);
    REQUIRE(old.ok());
    REQUIRE(now.ok());
    CHECK(now->first == 1);
    CHECK(now->top == 60);
    CHECK(same_messages(now->messages, old->messages));
    REQUIRE(now->keys.size() == old->keys.size());
    for (std::size_t i = 0; i < now->keys.size(); ++i) {
      CHECK(now->keys[i].key == old->keys[i].key);
      CHECK(now->keys[i].offset == old->keys[i].offset);
    }
  }
}

TEST_CASE("archive: a room whose every message is archived goes on, also after a restart") {
  const ArchiveTestFolder folder;
  const auto data = std::make_shared<MemoryStoreData>();
  const auto all = three_months();
  {
    WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
    REQUIRE(archive.append(all));
    REQUIRE(archive.export_before(WallTime::max()).ok());
    CHECK(data->bytes() == 0);
    REQUIRE(archive.close().ok());
  }
  WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path() + "/");
  REQUIRE(archive.opened().ok());
  const auto room = archive.load(all_of("room"));
  REQUIRE(room.ok());
  CHECK(room->top == 60);
  CHECK(room->first == 1);
  CHECK(same_messages(room->messages, all));
  REQUIRE(archive.append({conformance::message("room", 61)}));
  const auto page = archive.read_all("room");
  REQUIRE(page.ok());
  CHECK(page->messages.size() == 61);
}

TEST_CASE("archive: every field comes back, of rooms of every name") {
  using namespace std::string_literals;
  const ArchiveTestFolder folder;
  WaitingArchive archive(std::make_unique<MemoryStore>(), folder.path());
  const std::string odd = "\0\n\r\"\\\x7f \xff\xfe \x80"s;
  MessageBatch all;
  for (const auto& room : conformance::odd_room_names()) {
    StoredMessage message = conformance::message(room, std::uint64_t{1} << 62, odd);
    message.epoch = odd;
    message.time = WallTime(std::chrono::milliseconds(-1));
    message.tags = {{"a\0b"s, odd}, {"", ""}, {"마당", "\u2028"}};
    message.idempotency_key = odd;
    message.info = std::make_shared<const ClientInfo>(
        ClientInfo{.user = odd,
                   .client = ClientId::from_bits(0x0123456789abcdef, 0xfedcba9876543210),
                   .connection_info = Payload::of_json("{\"a\":1}"),
                   .room_info = odd});
    all.push_back(message);
    message.offset -= 1;
    message.info = std::make_shared<const ClientInfo>();
    message.data = Payload::of_json("[9007199254740993,1.50]");
    message.tags.clear();
    message.idempotency_key.clear();
    all.insert(all.end() - 1, message);
  }
  REQUIRE(archive.append(all));
  REQUIRE(archive.export_before(WallTime::max()).ok());
  for (std::size_t i = 0; i < all.size(); i += 2) {
    const auto page = archive.read_all(all[i].room);
    REQUIRE(page.ok());
    REQUIRE(page->messages.size() == 2);
    CHECK(same_message(page->messages[0], all[i]));
    CHECK(same_message(page->messages[1], all[i + 1]));
    CHECK(page->messages[0].data.is_json());
    CHECK_FALSE(page->messages[1].data.is_json());
  }
  for (const auto& entry : fs::directory_iterator(fs::path(folder.path()).parent_path()))
    CHECK(entry.path() == folder.path());
}

TEST_CASE("archive: removing cuts through a file, deletes those below, and lasts") {
  for (std::uint64_t offset = 0; offset <= 60; offset += 3) {
    const ArchiveTestFolder folder;
    const auto data = std::make_shared<MemoryStoreData>();
    const auto all = three_months();
    for (const bool first_time : {true, false}) {
      WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
      REQUIRE(archive.opened().ok());
      if (first_time) {
        REQUIRE(archive.append(all));
        REQUIRE(archive.export_before(begin_of_march()).ok());
        REQUIRE(archive.remove("room", offset).ok());
      }
      const auto page = archive.read_all("room");
      REQUIRE(page.ok());
      CHECK(page->first == offset + 1);
      CHECK(same_messages(page->messages, wanted(all, offset, Direction::kUp, 100)));
    }
  }
}

TEST_CASE("archive: an export goes up to the first message that is young, and again from there") {
  const ArchiveTestFolder folder;
  WaitingArchive archive(std::make_unique<MemoryStore>(), folder.path());
  REQUIRE(archive.append(three_months()));
  REQUIRE(archive.append(three_months("other")));
  const auto none = archive.export_before(conformance::long_ago());
  REQUIRE(none.ok());
  CHECK(none->messages == 0);
  REQUIRE(archive.export_before(begin_of_march()).ok());
  const auto again = archive.export_before(begin_of_march());
  REQUIRE(again.ok());
  CHECK(again->messages == 0);
  const auto rest = archive.export_before(WallTime::max());
  REQUIRE(rest.ok());
  CHECK(rest->messages == 40);
  CHECK(folder.files().size() == 12);
}

}  // namespace
}  // namespace madang
