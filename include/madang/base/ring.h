// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace madang {

// A queue in one block of memory, indexed from its front. Empty it holds no memory, so that a
// million quiet rooms may each have one; it grows by doubling, and bounds are its owner's matter.
template <typename T>
class Ring {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& operator[](std::size_t i) { return slots_[wrap(begin_ + i)]; }
  const T& operator[](std::size_t i) const { return slots_[wrap(begin_ + i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[wrap(begin_ + size_)] = std::move(value);
    ++size_;
  }

  T pop_front() {
    assert(size_ > 0);
    T value = std::exchange(slots_[begin_], T());
    begin_ = wrap(begin_ + 1);
    if (--size_ == 0) clear();
    return value;
  }

  void clear() {
    slots_ = std::vector<T>();
    begin_ = size_ = 0;
  }

 private:
  std::size_t wrap(std::size_t i) const { return i & (slots_.size() - 1); }

  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i)
      larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    begin_ = 0;
  }

  std::vector<T> slots_;  // its size is a power of two, or 0
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace madang
