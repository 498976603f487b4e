// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/base/ring.h"
#include "madang/base/scheduler.h"

namespace madang {

// Makes the commands of one session on one room take effect in the order they came, while handlers
// answer in any order: a command starts when the one before it on that room is finished. Commands
// on different rooms do not wait for each other.
//
// A command that is finished when it returns from its start, as nearly all are, leaves nothing
// behind and needs no memory. The rooms that are busy are bounded by the commands that wait and the
// requests to the host.
class CommandOrder {
 public:
  // Nothing waits or is under way.
  bool idle() const { return queues_ == nullptr && starting_ == nullptr; }

  // Commands that have not started.
  std::size_t waiting() const { return waiting_; }

  // Calls `start` when it is its turn, perhaps at once. finish(room) must follow, from within
  // `start` or later.
  template <typename Start>
  void run(std::string_view room, Start start) {
    if (Queue* const queue = find(room)) {
      queue->tasks.push_back(std::move(start));
      ++waiting_;
      return;
    }
    if (starting_ != nullptr) {  // from within another's start
      Queue& queue = add(room);
      queue.busy = starting_->room == room && !starting_->finished;
      queue.tasks.push_back(std::move(start));
      ++waiting_;
      return pump(room);
    }
    Starting starting{room};
    starting_ = &starting;
    start();
    starting_ = nullptr;
    if (!starting.finished) {
      find_or_add(room).busy = true;
    } else if (queues_ != nullptr) {
      pump(room);
    }
  }

  void finish(std::string_view room) {
    if (starting_ != nullptr && !starting_->finished && starting_->room == room) {
      starting_->finished = true;
      if (Queue* const queue = find(room)) queue->busy = false;
      return;  // run() goes on
    }
    if (Queue* const queue = find(room)) queue->busy = false;
    pump(room);
  }

  // Forgets what has not started.
  void clear() {
    if (queues_ == nullptr) return;
    for (const auto& queue : *queues_)
      queue->tasks.clear();
    waiting_ = 0;
  }

 private:
  // The command that run() is starting.
  struct Starting {
    std::string_view room;
    bool finished = false;
  };
  struct Queue {
    std::string room;
    Ring<Task> tasks = {};
    bool busy = false;     // a command has started and not finished
    bool pumping = false;  // pump() is at work below us on the stack
  };

  Queue* find(std::string_view room) const {
    if (queues_ == nullptr) return nullptr;
    const auto it = std::find_if(queues_->begin(), queues_->end(),
                                 [&](const auto& queue) { return queue->room == room; });
    return it == queues_->end() ? nullptr : it->get();
  }
  Queue& add(std::string_view room) {
    if (queues_ == nullptr) queues_ = std::make_unique<Queues>();
    return *queues_->emplace_back(std::make_unique<Queue>(Queue{std::string(room)}));
  }
  Queue& find_or_add(std::string_view room) {
    Queue* const queue = find(room);
    return queue != nullptr ? *queue : add(room);
  }
  void erase(const Queue* queue) {
    std::erase_if(*queues_, [&](const auto& known) { return known.get() == queue; });
    if (queues_->empty()) queues_.reset();
  }

  // Starts what may start. A loop, so that a thousand commands that finish at once do not nest.
  void pump(std::string_view name) {
    const std::string room(name);  // it may be a part of what goes
    for (;;) {
      Queue* const queue = find(room);
      if (queue == nullptr || queue->busy || queue->pumping) return;
      if (queue->tasks.empty()) return erase(queue);
      Task task = queue->tasks.pop_front();
      --waiting_;
      queue->busy = queue->pumping = true;
      task();
      queue->pumping = false;
    }
  }

  using Queues = std::vector<std::unique_ptr<Queue>>;
  std::unique_ptr<Queues> queues_;
  Starting* starting_ = nullptr;
  std::size_t waiting_ = 0;
};

}  // namespace madang
