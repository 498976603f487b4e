// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "madang/base/hash.h"
#include "madang/base/ring.h"
#include "madang/base/scheduler.h"

namespace madang {

// Makes the commands of one session on one room take effect in the order they came, while handlers
// answer in any order: a command starts when the one before it on that room is finished. Commands
// on different rooms do not wait for each other.
class CommandOrder {
 public:
  // Commands that have not started.
  std::size_t waiting() const { return waiting_; }

  // Runs `start` when it is its turn, perhaps at once. finish(room) must follow, from within
  // `start` or later.
  void run(std::string_view room, Task start) {
    auto [it, inserted] = queues_.try_emplace(std::string(room));
    it->second.tasks.push_back(std::move(start));
    ++waiting_;
    if (!it->second.busy && !it->second.pumping) pump(room);
  }

  void finish(std::string_view room) {
    const auto it = queues_.find(room);
    if (it == queues_.end()) return;  // the session was ended meanwhile
    it->second.busy = false;
    if (!it->second.pumping) pump(room);
  }

  // Forgets what has not started.
  void clear() {
    for (auto& [room, queue] : queues_)
      queue.tasks.clear();
    waiting_ = 0;
  }

 private:
  struct Queue {
    Ring<Task> tasks;
    bool busy = false;     // a command has started and not finished
    bool pumping = false;  // pump() is at work below us on the stack
  };

  // A loop, so that a thousand commands that finish at once do not nest.
  void pump(std::string_view name) {
    const std::string room(name);
    for (;;) {
      const auto it = queues_.find(room);
      if (it->second.tasks.empty()) {
        queues_.erase(it);
        return;
      }
      Task task = it->second.tasks.pop_front();
      --waiting_;
      it->second.busy = it->second.pumping = true;
      task();
      Queue& queue = queues_.find(room)->second;
      queue.pumping = false;
      if (queue.busy) return;
    }
  }

  StringMap<Queue> queues_;
  std::size_t waiting_ = 0;
};

}  // namespace madang
