// SPDX-License-Identifier: Apache-2.0
#include "drift.h"

#include <algorithm>
#include <cstddef>

namespace soak {
namespace {

// All pairs are looked at, so a long run is thinned out to so many means.
constexpr std::size_t kSamplesMax = 500;
constexpr std::size_t kSamplesMin = 8;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Means of groups of neighbours, so that at most kSamplesMax are left.
std::vector<double> thin_out(const std::vector<double>& samples) {
  const std::size_t group = (samples.size() + kSamplesMax - 1) / kSamplesMax;
  std::vector<double> means;
  for (std::size_t i = 0; i + group <= samples.size(); i += group) {
    double sum = 0;
    for (std::size_t k = i; k < i + group; ++k)
      sum += samples[k];
    means.push_back(sum / double(group));
  }
  return means;
}

}  // namespace

Drift find_drift(const std::vector<double>& samples, const Tolerance& tolerance) {
  if (samples.size() < kSamplesMin) return {};
  const auto half = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  const std::vector<double> values = thin_out({half, samples.end()});
  std::vector<double> slopes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t k = i + 1; k < values.size(); ++k)
      slopes.push_back((values[k] - values[i]) / double(k - i));
  }
  Drift drift;
  drift.median = median_of(values);
  drift.growth = median_of(slopes) * double(values.size() - 1);
  drift.is_drift =
      drift.growth > tolerance.absolute && drift.growth > tolerance.relative * drift.median;
  return drift;
}

}  // namespace soak
