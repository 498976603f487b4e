// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace madang {

// An array in pages: a large one grows by a page, without a copy of all it has and without as many
// free places again, and gives pages back as it shrinks. A small one is a single page that is just
// large enough, so that ten thousand small arrays cost little more than what is in them.
//
// Entry i is two loads away, and entries of one page lie side by side. Not safe for threads.
template <typename T>
class PagedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  static constexpr std::size_t kPageEntries = 256;

  PagedArray() = default;
  ~PagedArray() {
    for (std::size_t page = 0; page < pages(); ++page)
      give_back(pages_[page], page == 0 ? std::min(places_, kPageEntries) : kPageEntries);
    if (pages_ != &only_) delete[] pages_;
  }
  PagedArray(const PagedArray&) = delete;
  PagedArray& operator=(const PagedArray&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& operator[](std::size_t i) { return pages_[i / kPageEntries][i % kPageEntries]; }
  const T& operator[](std::size_t i) const { return pages_[i / kPageEntries][i % kPageEntries]; }

  // What operator[] answered is valid until the next call of these.
  void push_back(const T& entry) {
    const T added = entry;  // which may lie in a page that goes
    if (size_ == places_) grow();
    std::construct_at(&(*this)[size_], added);
    ++size_;
  }
  // There is one.
  void pop_back() {
    assert(size_ > 0);
    --size_;
    // One page stays free, so that who comes and goes at its edge costs nothing.
    if (places_ - size_ >= 2 * kPageEntries) shrink();
  }

 private:
  std::size_t pages() const { return (places_ + kPageEntries - 1) / kPageEntries; }

  static T* make(std::size_t places) { return std::allocator<T>().allocate(places); }
  static void give_back(T* page, std::size_t places) {
    std::allocator<T>().deallocate(page, places);
  }

  void grow() {
    if (places_ < kPageEntries) {
      const std::size_t more =
          std::min(kPageEntries, places_ + std::max<std::size_t>(1, places_ / 2));
      T* const larger = make(more);
      std::uninitialized_copy_n(only_, size_, larger);
      if (places_ > 0) give_back(only_, places_);
      only_ = larger;
      places_ = more;
      return;
    }
    const std::size_t count = pages();
    if (std::has_single_bit(count)) {
      T** const twice = new T*[2 * count];
      std::copy_n(pages_, count, twice);
      if (pages_ != &only_) delete[] pages_;
      pages_ = twice;
    }
    pages_[count] = make(kPageEntries);
    places_ += kPageEntries;
  }

  void shrink() {
    const std::size_t last = pages() - 1;
    give_back(pages_[last], kPageEntries);
    places_ -= kPageEntries;
    if (last > 1) return;
    only_ = pages_[0];
    delete[] pages_;
    pages_ = &only_;
  }

  // The directory has as many places as there are pages, rounded up to a power of two, or more.
  T** pages_ = &only_;
  T* only_ = nullptr;  // the first page, while it is the only one
  std::size_t size_ = 0;
  std::size_t places_ = 0;
};

}  // namespace madang
