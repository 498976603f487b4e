// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>

#include "storage/archive/archive_fixture.h"
#include "storage/archive/file_text.h"
#include "storage/archive/zstd_file.h"

namespace madang {
namespace {

using conformance::same_messages;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void set_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A folder with four files, and a new store over it for each look.
class Damaged {
 public:
  Damaged() {
    WaitingArchive archive(std::make_unique<MemoryStore>(data_), folder_.path());
    REQUIRE(archive.append(all_));
    REQUIRE(archive.export_before(begin_of_march()).ok());
    file_ = folder_.files()[1];
    whole_ = bytes_of(file_);
  }

  const fs::path& file() const { return file_; }
  const std::string& whole() const { return whole_; }
  const MessageBatch& all() const { return all_; }

  absl::StatusOr<StoredPage> read_with(const std::string& bytes) {
    set_bytes(file_, bytes);
    return read();
  }
  absl::StatusOr<StoredPage> read() {
    WaitingArchive archive(std::make_unique<MemoryStore>(data_), folder_.path());
    if (!archive.opened().ok()) return archive.opened();
    return archive.read_all("room");
  }
  bool is_named_in(const absl::Status& status) const {
    return status.code() == absl::StatusCode::kDataLoss &&
           status.message().find(file_.filename().string()) != std::string::npos;
  }

 private:
  const ArchiveTestFolder folder_;
  const std::shared_ptr<MemoryStoreData> data_ = std::make_shared<MemoryStoreData>();
  const MessageBatch all_ = three_months();
  fs::path file_;
  std::string whole_;
};

TEST_CASE("archive: a file with any byte changed is DataLoss with its name, or read as written") {
  Damaged damaged;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < damaged.whole().size(); ++i) {
    for (const int flip : {1, 128}) {
      std::string bytes = damaged.whole();
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      const auto page = damaged.read_with(bytes);
      if (page.ok()) {
        CHECK(same_messages(page->messages, damaged.all()));
      } else {
        CHECK(damaged.is_named_in(page.status()));
        ++lost;
      }
    }
  }
  CHECK(lost > damaged.whole().size());
  CHECK(damaged.read_with(damaged.whole()).ok());
}

TEST_CASE("archive: a file that is cut anywhere, or goes on, is DataLoss with its name") {
  Damaged damaged;
  for (std::size_t size = 0; size < damaged.whole().size(); size += 3)
    CHECK(damaged.is_named_in(damaged.read_with(damaged.whole().substr(0, size)).status()));
  CHECK(damaged.is_named_in(damaged.read_with(damaged.whole() + "x").status()));
  CHECK(damaged.is_named_in(damaged.read_with(damaged.whole() + damaged.whole()).status()));
}

TEST_CASE("archive: a whole file with another text than its name promises is DataLoss") {
  Damaged damaged;
  const auto text = archive::decompressed(damaged.whole());
  REQUIRE(text.ok());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = *text;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    const auto bytes = archive::compressed(changed);
    REQUIRE(bytes.ok());
    return damaged.is_named_in(damaged.read_with(*bytes).status());
  };
  CHECK(with("\"madang_archive\":1", "\"madang_archive\":2"));
  CHECK(with("\"madang_archive\":1", "\"another\":1"));
  CHECK(with("\"room\":\"room\"", "\"room\":\"moor\""));
  CHECK(with("\"messages\":10", "\"messages\":11"));
  CHECK(with("\"month\":\"2026-01\"", "\"month\":\"2026-02\""));
  CHECK(with("\"offset\":12", "\"offset\":13"));
  CHECK(with("\"offset\":12", "\"offset\":-12"));
  CHECK(with("\"epoch\"", "\"hcope\""));
  CHECK(with("\"data\"", "\"data_base64\""));
  CHECK(with("}\n{\"offset\":12", "}\n[1]\n{\"offset\":12"));
  CHECK(with("}\n{\"offset\":12", "}{\"offset\":12"));
  CHECK(with(*text, "{}\n"));
  CHECK(with(*text, "hello"));
}

TEST_CASE("archive: open refuses a name that an archive does not use") {
  Damaged damaged;
  const fs::path folder = damaged.file().parent_path();
  for (const fs::path& path :
       {folder / "notes.txt", folder / "2026-13-1-2.ndjson.zst", folder.parent_path() / "stray"}) {
    set_bytes(path, "x");
    const auto page = damaged.read();
    CHECK(page.status().code() == absl::StatusCode::kDataLoss);
    CHECK(page.status().message().find(path.filename().string()) != std::string::npos);
    fs::remove(path);
  }
  CHECK(damaged.read().ok());
}

TEST_CASE("archive: a file that is gone while a store is open is DataLoss") {
  const ArchiveTestFolder folder;
  WaitingArchive archive(std::make_unique<MemoryStore>(), folder.path());
  REQUIRE(archive.append(three_months()));
  REQUIRE(archive.export_before(begin_of_march()).ok());
  fs::remove(folder.files()[2]);
  CHECK(archive.read_all("room").status().code() == absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace madang
