// SPDX-License-Identifier: Apache-2.0
#include "madang/testing/message_store_conformance.h"
#include "storage/archive/archive_fixture.h"

namespace madang {
namespace {

// Exports everything after each append that went well, before anyone hears of it.
class ExportingStore final : public MessageStore {
 public:
  explicit ExportingStore(std::unique_ptr<ArchiveStore> store) : store_(std::move(store)) {}

  void open(Callback<OpenResult> done) override { store_->open(std::move(done)); }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    store_->load(std::move(request), std::move(done));
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    store_->append(std::move(batch), [this, done = std::move(done)](auto result) mutable {
      if (!result.ok() || !result->refused.empty()) return done(std::move(result));
      store_->export_before(WallTime::max(), nullptr,
                            [result = std::move(result), done = std::move(done)](
                                absl::StatusOr<ArchiveProgress> exported) mutable {
                              if (!exported.ok()) return done(exported.status());
                              done(std::move(result));
                            });
    });
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    store_->read(std::move(request), std::move(done));
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    store_->remove(std::move(room), offset, std::move(done));
  }
  void close(StatusCallback done) override { store_->close(std::move(done)); }
  MessageSearch* search() override { return store_->search(); }
  MessageRetention* retention() override { return store_->retention(); }

 private:
  std::unique_ptr<ArchiveStore> store_;
};

class ArchiveUnderTest : public StoreUnderTest {
 public:
  explicit ArchiveUnderTest(bool exporting) : exporting_(exporting) {}

  std::unique_ptr<MessageStore> make() override {
    auto store =
        std::make_unique<ArchiveStore>(std::make_unique<MemoryStore>(data_), folder_.path());
    if (!exporting_) return store;
    return std::make_unique<ExportingStore>(std::move(store));
  }
  bool go_back_in_time() override {
    data_->become_another_lineage();
    return true;
  }
  std::chrono::milliseconds search_lag_max() const override { return {}; }

 private:
  const bool exporting_;
  const ArchiveTestFolder folder_;
  const std::shared_ptr<MemoryStoreData> data_ = std::make_shared<MemoryStoreData>();
};

TEST_CASE("archive: keeps every promise of a message store") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<ArchiveUnderTest>(false); })) {
    FAIL_CHECK(broken);
  }
}

TEST_CASE("archive: keeps those of reading and retention with every message in a file") {
  auto promises = conformance::load_promises();
  for (const auto& more : {conformance::read_promises(), conformance::retention_promises()})
    promises.insert(promises.end(), more.begin(), more.end());
  for (const auto& promise : promises) {
    for (const auto& broken : check_promise(promise, std::make_unique<ArchiveUnderTest>(true)))
      FAIL_CHECK(broken);
  }
}

}  // namespace
}  // namespace madang
