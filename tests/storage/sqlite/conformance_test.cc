// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "madang/testing/message_store_conformance.h"
#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

class SqliteUnderTest : public StoreUnderTest {
 public:
  explicit SqliteUnderTest(bool search) : search_(search) {}

  std::unique_ptr<MessageStore> make() override {
    SqliteOptions options = folder_.options();
    options.search = search_;
    return make_sqlite_store(std::move(options));
  }
  bool go_back_in_time() override {
    const std::string copy = folder_.path("copy");
    fs::copy_file(folder_.path(), copy);
    fs::rename(copy, folder_.path());
    return true;
  }
  bool has_search() const override { return search_; }

 private:
  const StoreFolder folder_;
  const bool search_;
};

TEST_CASE("sqlite: keeps every promise of a message store") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<SqliteUnderTest>(true); })) {
    FAIL_CHECK(broken);
  }
}

TEST_CASE("sqlite: keeps them without an index of words too") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<SqliteUnderTest>(false); })) {
    FAIL_CHECK(broken);
  }
}

}  // namespace
}  // namespace madang
