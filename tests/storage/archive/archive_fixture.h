// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "madang/storage/archive/archive_store.h"
#include "madang/storage/memory/memory_store.h"
#include "madang/testing/message_store/messages.h"
#include "storage/blocking.h"

namespace madang {

namespace fs = std::filesystem;

// A folder of its own for each test, gone with it.
class ArchiveTestFolder {
 public:
  ArchiveTestFolder() {
    std::string name = (fs::temp_directory_path() / "madang-archive-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ArchiveTestFolder(const ArchiveTestFolder&) = delete;
  ArchiveTestFolder& operator=(const ArchiveTestFolder&) = delete;
  ~ArchiveTestFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  std::string path() const { return (path_ / "archive").string(); }
  std::string copy_path() const { return (path_ / "copy").string(); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  fs::path path_;
};

// An ArchiveStore whose calls wait for their answer.
class WaitingArchive {
 public:
  WaitingArchive(std::unique_ptr<MessageStore> store, const std::string& folder,
                 ArchiveOptions options = {.file_messages_max = 10})
      : store_(std::make_unique<ArchiveStore>(std::move(store), folder, options)),
        opened_(wait_for<OpenResult>([&](auto done) { store_->open(std::move(done)); }).status()) {}

  absl::Status opened() const { return opened_; }
  ArchiveStore& get() { return *store_; }

  bool append(const MessageBatch& batch) {
    const auto result =
        wait_for<AppendResult>([&](auto done) { store_->append(batch, std::move(done)); });
    return result.ok() && result->refused.empty();
  }
  absl::StatusOr<StoredRoom> load(const LoadRequest& request) {
    return wait_for<StoredRoom>([&](auto done) { store_->load(request, std::move(done)); });
  }
  absl::StatusOr<StoredPage> read(const PageRequest& request) {
    return wait_for<StoredPage>([&](auto done) { store_->read(request, std::move(done)); });
  }
  absl::StatusOr<StoredPage> read_all(const std::string& room) {
    return read(conformance::page_of(room, 0, Direction::kUp));
  }
  absl::Status remove(const std::string& room, std::uint64_t offset) {
    return wait_for_status([&](auto done) { store_->remove(room, offset, std::move(done)); });
  }
  absl::StatusOr<ArchiveProgress> export_before(WallTime before) {
    return wait_for<ArchiveProgress>(
        [&](auto done) { store_->export_before(before, nullptr, std::move(done)); });
  }
  absl::Status close() {
    return wait_for_status([&](auto done) { store_->close(std::move(done)); });
  }

 private:
  std::unique_ptr<ArchiveStore> store_;
  absl::Status opened_;
};

// Sixty messages of one room, twenty in each of three months.
inline MessageBatch three_months(const std::string& room = "room") {
  using namespace std::chrono;
  MessageBatch batch;
  for (std::uint64_t offset = 1; offset <= 60; ++offset) {
    auto message = conformance::message(room, offset, "message " + std::to_string(offset));
    const sys_days first = year{2026} / static_cast<int>(1 + (offset - 1) / 20) / 1;
    message.time = first + hours{offset};
    if (offset % 7 == 0) message.idempotency_key = "key " + std::to_string(offset);
    batch.push_back(std::move(message));
  }
  return batch;
}
inline WallTime begin_of_march() {
  using namespace std::chrono;
  return sys_days{year{2026} / March / 1};
}

}  // namespace madang
