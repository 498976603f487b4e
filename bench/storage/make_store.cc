// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "options.h"

#ifdef BENCH_SQLITE
#include "madang/storage/sqlite/sqlite_store.h"
#endif

namespace bench {
namespace {

bool take_prefix(std::string& text, const std::string& prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

}  // namespace

std::unique_ptr<madang::MessageStore> make_store(const Options& options) {
  std::string address = options.store;
#ifdef BENCH_SQLITE
  if (take_prefix(address, "sqlite:")) {
    return madang::make_sqlite_store({.path = address,
                                      .search = options.search,
                                      .log_bytes_max = options.log_mib_max << 20,
                                      .page_bytes = options.page_bytes});
  }
#endif
  throw std::runtime_error("--store: this build has no store of the kind " + address);
}

}  // namespace bench
