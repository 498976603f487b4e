// SPDX-License-Identifier: Apache-2.0
#include "timer_queue.h"

#include <algorithm>
#include <utility>

namespace madang {

namespace {
constexpr std::size_t kHolesMin = 64;
}

TimerHandle TimerQueue::add(MonoTime time, Task task) {
  const TimerHandle handle{++last_id_};
  tasks_.emplace(handle.id, std::move(task));
  heap_.push_back({time, handle.id});
  std::push_heap(heap_.begin(), heap_.end());
  return handle;
}

void TimerQueue::cancel(TimerHandle handle) {
  const auto found = tasks_.find(handle.id);
  if (found == tasks_.end()) return;
  // The task goes last, because what it owns may set or cancel others as it is destroyed.
  const Task task = std::move(found->second);
  tasks_.erase(found);
  if (heap_.size() > 2 * tasks_.size() + kHolesMin) sweep();
}

std::optional<MonoTime> TimerQueue::next() {
  while (!heap_.empty() && !tasks_.contains(heap_.front().id)) {
    pop();
  }
  if (heap_.empty()) return std::nullopt;
  return heap_.front().time;
}

Task TimerQueue::take_due(MonoTime now, TimerHandle last) {
  const auto time = next();
  if (!time || *time > now || heap_.front().id > last.id) return nullptr;
  const auto found = tasks_.find(heap_.front().id);
  Task task = std::move(found->second);
  tasks_.erase(found);
  pop();
  return task;
}

void TimerQueue::pop() {
  std::pop_heap(heap_.begin(), heap_.end());
  heap_.pop_back();
}

void TimerQueue::sweep() {
  std::erase_if(heap_, [this](const Entry& entry) { return !tasks_.contains(entry.id); });
  std::make_heap(heap_.begin(), heap_.end());
}

}  // namespace madang
