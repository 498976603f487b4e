// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/archive_fixture.h"

namespace madang {
namespace {

using conformance::same_messages;

// Dies at one step of the export: the other store does not remove what a file has by now.
class DyingStore final : public MessageStore {
 public:
  DyingStore(std::shared_ptr<MemoryStoreData> data, int removals)
      : store_(std::move(data)), removals_(removals) {}

  void open(Callback<OpenResult> done) override { store_.open(std::move(done)); }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    store_.load(std::move(request), std::move(done));
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    store_.append(std::move(batch), std::move(done));
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    store_.read(std::move(request), std::move(done));
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    if (removals_-- <= 0) return done(absl::UnavailableError("dead"));
    store_.remove(std::move(room), offset, std::move(done));
  }
  void close(StatusCallback done) override { store_.close(std::move(done)); }
  MessageRetention* retention() override { return &store_; }

 private:
  MemoryStore store_;
  int removals_;
};

TEST_CASE("archive: a crash between a file and the removal loses and doubles nothing") {
  for (int removals = 0; removals < 4; ++removals) {
    const ArchiveTestFolder folder;
    const auto data = std::make_shared<MemoryStoreData>();
    const auto all = three_months();
    {
      WaitingArchive archive(std::make_unique<DyingStore>(data, removals), folder.path());
      REQUIRE(archive.append(all));
      CHECK_FALSE(archive.export_before(begin_of_march()).ok());
      const auto page = archive.read_all("room");
      REQUIRE(page.ok());
      CHECK(same_messages(page->messages, all));
    }
    WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
    for (const bool exported : {false, true}) {
      if (exported) {
        const auto progress = archive.export_before(begin_of_march());
        REQUIRE(progress.ok());
        CHECK(progress->messages == 40 - 10 * static_cast<std::size_t>(removals));
        CHECK(folder.files().size() == 4);
      }
      for (const auto direction : {Direction::kUp, Direction::kDown}) {
        for (std::uint64_t cursor = 0; cursor <= 61; ++cursor) {
          const auto page = archive.read(conformance::page_of("room", cursor, direction, 7));
          REQUIRE(page.ok());
          std::uint64_t expected = cursor;
          for (const auto& message : page->messages) {
            expected += direction == Direction::kUp ? 1 : std::uint64_t(-1);
            CHECK(message.offset == expected);
          }
          const auto left = direction == Direction::kUp ? 60 - std::min<std::uint64_t>(cursor, 60)
                                                        : std::max<std::uint64_t>(cursor, 1) - 1;
          CHECK(page->messages.size() == std::min<std::uint64_t>(7, left));
        }
      }
    }
  }
}

TEST_CASE("archive: a crash before a file has its name leaves nothing of it") {
  const ArchiveTestFolder folder;
  const auto data = std::make_shared<MemoryStoreData>();
  const auto all = three_months();
  {
    WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
    REQUIRE(archive.append(all));
    REQUIRE(archive.export_before(begin_of_march()).ok());
  }
  const std::string unfinished = folder.files().front().string() + ".unfinished";
  fs::copy_file(folder.files().front(), unfinished);
  fs::resize_file(unfinished, 20);
  WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
  REQUIRE(archive.opened().ok());
  CHECK_FALSE(fs::exists(unfinished));
  const auto page = archive.read_all("room");
  REQUIRE(page.ok());
  CHECK(same_messages(page->messages, all));
}

TEST_CASE("archive: a crash in a removal leaves each message once, and it can be called again") {
  const ArchiveTestFolder folder;
  const auto data = std::make_shared<MemoryStoreData>();
  const auto all = three_months();
  {
    WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
    REQUIRE(archive.append(all));
    REQUIRE(archive.export_before(begin_of_march()).ok());
    fs::copy(folder.path(), folder.copy_path(), fs::copy_options::recursive);
    REQUIRE(archive.remove("room", 15).ok());
  }
  // What is to be deleted is there still; what replaces it is too.
  fs::copy(folder.copy_path(), folder.path(),
           fs::copy_options::recursive | fs::copy_options::skip_existing);
  CHECK(folder.files().size() == 5);
  WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
  const auto page = archive.read_all("room");
  REQUIRE(page.ok());
  CHECK(same_messages(page->messages, all));
  REQUIRE(archive.remove("room", 15).ok());
  const auto rest = archive.read_all("room");
  REQUIRE(rest.ok());
  CHECK(same_messages(rest->messages, MessageBatch(all.begin() + 15, all.end())));
  CHECK(folder.files().size() == 3);
}

TEST_CASE("archive: destroyed in an export it answers every call, and nothing is lost") {
  for (std::size_t steps = 0; steps < 12; ++steps) {
    const ArchiveTestFolder folder;
    const auto data = std::make_shared<MemoryStoreData>();
    const auto all = three_months();
    Blocking<absl::StatusOr<ArchiveProgress>> exported;
    Blocking<absl::StatusOr<ArchiveProgress>> second;
    std::vector<Blocking<absl::StatusOr<StoredPage>>> pages(steps);
    {
      WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path(),
                             {.file_messages_max = 5});
      REQUIRE(archive.append(all));
      archive.get().export_before(WallTime::max(), nullptr, exported.callback());
      for (auto& page : pages) {
        archive.get().read(conformance::page_of("room", 0, Direction::kUp), page.callback());
        REQUIRE(archive.read_all("room").ok());
      }
      archive.get().export_before(WallTime::max(), nullptr, second.callback());
    }
    const auto progress = exported.wait();
    CHECK((progress.ok() || absl::IsUnavailable(progress.status())));
    second.wait().status().IgnoreError();
    for (auto& page : pages) {
      const auto read = page.wait();
      REQUIRE(read.ok());
      CHECK(same_messages(read->messages, all));
    }
    WaitingArchive archive(std::make_unique<MemoryStore>(data), folder.path());
    const auto page = archive.read_all("room");
    REQUIRE(page.ok());
    CHECK(same_messages(page->messages, all));
  }
}

}  // namespace
}  // namespace madang
