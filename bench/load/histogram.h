// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace load {

// Counts of times in nanoseconds, each known to 1.6 %: sixty-four classes for every power of two.
class Histogram {
 public:
  // Times above this, half an hour, are counted as this.
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << 41) - 1;

  void record(std::int64_t time_ns) {
    const std::uint64_t time =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(time_ns, 0)), kLargest);
    ++counts_[class_of(time)];
    ++count_;
    sum_ += time;
    largest_ = std::max(largest_, time);
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    largest_ = std::max(largest_, other.largest_);
  }

  // What was counted since `earlier`, an older copy of this. The largest time is that of a class.
  Histogram since(const Histogram& earlier) const;

  std::uint64_t count() const { return count_; }
  std::uint64_t largest_ns() const { return largest_; }
  double mean_ns() const { return count_ == 0 ? 0 : double(sum_) / double(count_); }

  // The time that `part` of all, 0 to 1, do not exceed. 0 if there are none.
  double quantile_ns(double part) const;

  void clear() { *this = Histogram(); }

 private:
  static constexpr int kBits = 6;
  static constexpr std::size_t kInClass = std::size_t{1} << kBits;
  static constexpr std::size_t kClasses = (41 - kBits + 1) * kInClass;

  static std::size_t class_of(std::uint64_t time) {
    if (time < kInClass) return time;
    const int shift = 63 - kBits - __builtin_clzll(time);
    return static_cast<std::size_t>(shift) * kInClass + static_cast<std::size_t>(time >> shift);
  }
  // The middle of a class, and its last time.
  static double middle_of(std::size_t index);
  static std::uint64_t last_of(std::size_t index);

  std::array<std::uint64_t, kClasses> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace load
