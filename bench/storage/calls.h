// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "madang/storage/message_store.h"
#include "options.h"
#include "words.h"

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Times of one kind of call.
struct Times {
  std::vector<double> ms;

  double quantile(double part);
};

// A store, its rooms, and calls that wait for their answer. Throws std::runtime_error for one that
// is not as it should be.
class Calls {
 public:
  Calls(madang::MessageStore& store, const Options& options);

  void open();
  void close();
  // The next `count` messages, to rooms by chance.
  madang::MessageBatch next_batch(std::size_t count);
  void append(madang::MessageBatch batch) { finish_append(begin_append(std::move(batch))); }
  // For a batch that is made while another one is stored.
  using Appending = std::future<absl::StatusOr<madang::AppendResult>>;
  Appending begin_append(madang::MessageBatch batch);
  void finish_append(Appending appending);
  // Fifty messages below a place by chance in a room by chance.
  void read_page();
  // How many messages it found, of at most fifty.
  std::size_t search_page(std::size_t rooms, Sought sought);

  std::uint64_t messages() const { return messages_; }

 private:
  struct Room {
    std::string name;
    std::uint64_t top = 0;
  };

  madang::MessageStore& store_;
  const Options& options_;
  madang::SeededRandom random_{7};
  Words words_{options_.korean};
  std::vector<std::string> texts_;
  std::vector<Room> rooms_;
  std::uint64_t messages_ = 0;
};

}  // namespace bench
