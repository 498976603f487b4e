// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace madang {

// A queue in one block of memory, indexed from its front. Empty it holds no memory, so that a
// million quiet rooms may each have one; it grows by doubling up to 2^31 elements, and bounds are
// its owner's matter.
template <typename T>
class Ring {
 public:
  Ring() = default;
  Ring(Ring&& other) noexcept { swap(other); }
  Ring& operator=(Ring&& other) noexcept {
    Ring taken(std::move(other));
    swap(taken);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& operator[](std::size_t i) { return slots_[wrap(begin_ + i)]; }
  const T& operator[](std::size_t i) const { return slots_[wrap(begin_ + i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == capacity_) grow();
    slots_[wrap(begin_ + size_)] = std::move(value);
    ++size_;
  }

  T pop_front() {
    assert(size_ > 0);
    T value = std::exchange(slots_[begin_], T());
    begin_ = static_cast<std::uint32_t>(wrap(begin_ + 1));
    if (--size_ == 0) clear();
    return value;
  }

  void clear() { *this = Ring(); }

 private:
  std::size_t wrap(std::size_t i) const { return i & (capacity_ - 1); }

  void swap(Ring& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
  }

  void grow() {
    assert(capacity_ <= std::numeric_limits<std::uint32_t>::max() / 2);
    const std::uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    auto larger = std::make_unique<T[]>(capacity);
    for (std::size_t i = 0; i < size_; ++i)
      larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  std::uint32_t capacity_ = 0;  // a power of two, or 0
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace madang
