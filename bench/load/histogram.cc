// SPDX-License-Identifier: Apache-2.0
#include "histogram.h"

#include <cmath>

namespace load {

std::uint64_t Histogram::last_of(std::size_t index) {
  if (index < 2 * kInClass) return index;
  const std::size_t shift = index / kInClass - 1;
  return ((index - shift * kInClass + 1) << shift) - 1;
}

double Histogram::middle_of(std::size_t index) {
  if (index < 2 * kInClass) return double(index);
  const std::size_t shift = index / kInClass - 1;
  return double((index - shift * kInClass) << shift) + double(std::uint64_t{1} << shift) / 2;
}

double Histogram::quantile_ns(double part) const {
  if (count_ == 0) return 0;
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(part * double(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(middle_of(i), double(largest_));
  }
  return double(largest_);
}

Histogram Histogram::since(const Histogram& earlier) const {
  Histogram difference;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    difference.counts_[i] = counts_[i] - earlier.counts_[i];
    if (difference.counts_[i] > 0) difference.largest_ = std::min(last_of(i), largest_);
  }
  difference.count_ = count_ - earlier.count_;
  difference.sum_ = sum_ - earlier.sum_;
  return difference;
}

}  // namespace load
