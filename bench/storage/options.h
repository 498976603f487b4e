// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

struct Options {
  std::string store;           // as make_store() takes it
  std::string archive;         // the same; empty: none
  std::uint64_t messages = 0;  // that are there before anything is asked
  std::size_t bytes = 256;     // of a payload
  std::size_t rooms = 100;
  std::size_t batch = 4096;
  bool search = false;
  bool korean = false;  // the words of the payloads
  double seconds = 10;  // of each measurement that goes by time
  std::size_t publishers = 1000;
  std::size_t samples = 2000;  // of pages and of searches
};

}  // namespace bench
