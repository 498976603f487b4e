// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "storage/faulty_store.h"

namespace madang {
namespace {

std::vector<PlantedFault> all_faults() {
  std::vector<PlantedFault> all;
  for (const auto& some : {planted_writer_faults(), planted_append_faults(), planted_read_faults(),
                           planted_search_faults(), planted_retention_faults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

bool begins(const std::string& line, const char* with) { return line.rfind(with, 0) == 0; }

// Whether the tests that should notice `fault` do: that of its promise, or for what any test may
// notice, any.
bool noticed(const PlantedFault& fault) {
  for (const auto& promise : message_store_promises(MemoryStoreUnderTest())) {
    const bool any = begins(kCallbacksComeOnce, fault.promise);
    if (!any && !begins(promise.says, fault.promise)) continue;
    const auto lines = check_promise(promise, std::make_unique<FaultyStoreUnderTest>(fault.make()));
    for (const auto& line : lines) {
      if (begins(line, fault.promise)) return true;
    }
  }
  return false;
}

TEST_CASE("conformance: a store without a fault conforms also in the clothes of a faulty one") {
  const auto broken =
      check_message_store([] { return std::make_unique<FaultyStoreUnderTest>(Fault()); });
  for (const auto& line : broken)
    FAIL_CHECK(line);
}

TEST_CASE("conformance: every planted fault is noticed by the test of its promise") {
  for (const auto& fault : all_faults()) {
    INFO(fault.promise << " ... with the fault: " << fault.what);
    CHECK(noticed(fault));
  }
}

TEST_CASE("conformance: the test of every promise can fail") {
  for (const auto& promise : message_store_promises(MemoryStoreUnderTest())) {
    bool planted = false;
    for (const auto& fault : all_faults())
      planted = planted || begins(promise.says, fault.promise);
    INFO(promise.says);
    CHECK(planted);
  }
}

TEST_CASE("conformance: a store that does not open breaks every promise and stops no test") {
  const auto broken = check_message_store([] {
    return std::make_unique<FaultyStoreUnderTest>(
        Fault{.opened = [](absl::StatusOr<OpenResult>& result) {
          result = absl::UnavailableError("no disk");
        }});
  });
  CHECK(broken.size() >= message_store_promises(MemoryStoreUnderTest()).size());
}

TEST_CASE("conformance: without search or retention a store is held to the rest") {
  class Plain : public FaultyStoreUnderTest {
   public:
    Plain() : FaultyStoreUnderTest(Fault{.has_no_search = true, .has_no_retention = true}) {}
    bool has_search() const override { return false; }
    bool has_retention() const override { return false; }
  };
  for (const auto& line : check_message_store([] { return std::make_unique<Plain>(); }))
    FAIL_CHECK(line);
}

}  // namespace
}  // namespace madang
