// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "madang/storage/message_store.h"

namespace bench {

struct Options {
  std::string store;           // sqlite:PATH
  std::uint64_t messages = 0;  // that are there before anything is asked
  std::size_t bytes = 256;     // of a payload
  std::size_t rooms = 100;
  std::size_t batch = 4096;
  bool search = false;
  double seconds = 10;  // of each measurement that goes by time
  std::size_t publishers = 1000;
  std::size_t page_bytes = 8192;  // of a new SQLite file
  std::size_t log_mib_max = 64;   // of SQLite's log
  std::size_t samples = 2000;     // of pages and of searches
};

// The store that options.store names; throws std::runtime_error if there is no such kind here.
std::unique_ptr<madang::MessageStore> make_store(const Options& options);

}  // namespace bench
