// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "madang/testing/message_store_conformance.h"
#include "storage/sqlite/store_folder.h"

namespace madang {

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

}  // namespace madang
