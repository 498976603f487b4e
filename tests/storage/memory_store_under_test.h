// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "madang/storage/memory/memory_store.h"
#include "madang/testing/message_store_conformance.h"

namespace madang {

class MemoryStoreUnderTest : public StoreUnderTest {
 public:
  std::unique_ptr<MessageStore> make() override { return std::make_unique<MemoryStore>(data_); }
  bool go_back_in_time() override {
    data_->become_another_lineage();
    return true;
  }
  std::chrono::milliseconds search_lag_max() const override { return {}; }

 private:
  const std::shared_ptr<MemoryStoreData> data_ = std::make_shared<MemoryStoreData>();
};

// Each store has data of its own.
class ForgetfulStoreUnderTest : public StoreUnderTest {
 public:
  std::unique_ptr<MessageStore> make() override { return std::make_unique<MemoryStore>(); }
  bool outlives_objects() const override { return false; }
};

}  // namespace madang
