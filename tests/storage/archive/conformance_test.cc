// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/archive_under_test.h"
#include "storage/memory_store_under_test.h"

namespace madang {
namespace {

TEST_CASE("archive: over a store in memory it keeps every promise of a message store") {
  check_archive_over([] { return std::make_unique<MemoryStoreUnderTest>(); });
}

}  // namespace
}  // namespace madang
