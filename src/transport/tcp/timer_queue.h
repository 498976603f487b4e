// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "madang/base/scheduler.h"

namespace madang {

// Calls that wait for their time, in the order of their times and then of their making. Adding
// costs O(log n); cancelling O(1), because it leaves a hole in the heap, and holes are swept when
// they outnumber the calls.
class TimerQueue {
 public:
  TimerHandle add(MonoTime time, Task task);
  void cancel(TimerHandle handle);

  // When the first call is due.
  std::optional<MonoTime> next();

  // The last handle given so far. Calls made later are not taken with it as `last`, so that one
  // which makes another for the same time ends.
  TimerHandle last() const { return {last_id_}; }

  // Takes out the first call that is due at `now` and not newer than `last`; null if there is none.
  Task take_due(MonoTime now, TimerHandle last);

  std::size_t size() const { return tasks_.size(); }
  // Memory in use, holes included.
  std::size_t entries() const { return heap_.size(); }

 private:
  struct Entry {
    MonoTime time;
    std::uint64_t id;
    // The heap's top is its largest.
    bool operator<(const Entry& other) const {
      return time != other.time ? time > other.time : id > other.id;
    }
  };

  void pop();
  void sweep();

  std::vector<Entry> heap_;
  absl::flat_hash_map<std::uint64_t, Task> tasks_;
  std::uint64_t last_id_ = 0;
};

}  // namespace madang
