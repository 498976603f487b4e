// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "madang/testing/message_store_conformance.h"
#include "storage/archive/archive_fixture.h"

namespace madang {

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

// An archive in front of another store under test.
class ArchiveUnderTest : public StoreUnderTest {
 public:
  enum When { kNeverExported, kExportedAtOnce };

  ArchiveUnderTest(std::unique_ptr<StoreUnderTest> inner, When when)
      : inner_(std::move(inner)), when_(when) {}

  std::unique_ptr<MessageStore> make() override {
    auto store = std::make_unique<ArchiveStore>(inner_->make(), folder_.path());
    if (when_ == kNeverExported) return store;
    return std::make_unique<ExportingStore>(std::move(store));
  }
  bool go_back_in_time() override { return inner_->go_back_in_time(); }
  bool has_search() const override { return inner_->has_search(); }
  std::chrono::milliseconds search_lag_max() const override { return inner_->search_lag_max(); }

 private:
  const ArchiveTestFolder folder_;
  const std::unique_ptr<StoreUnderTest> inner_;
  const When when_;
};

// Holds an archive over the stores that `fresh` makes to all promises, and to those of loading,
// reading and retention once more with every message in a file.
template <typename Fresh>
void check_archive_over(const Fresh& fresh) {
  const auto never = ArchiveUnderTest::kNeverExported;
  for (const auto& broken :
       check_message_store([&] { return std::make_unique<ArchiveUnderTest>(fresh(), never); })) {
    FAIL_CHECK(broken);
  }
  auto promises = conformance::load_promises();
  for (const auto& more : {conformance::read_promises(), conformance::retention_promises()})
    promises.insert(promises.end(), more.begin(), more.end());
  for (const auto& promise : promises) {
    auto all_in_files =
        std::make_unique<ArchiveUnderTest>(fresh(), ArchiveUnderTest::kExportedAtOnce);
    for (const auto& broken : check_promise(promise, std::move(all_in_files)))
      FAIL_CHECK(broken);
  }
}

}  // namespace madang
