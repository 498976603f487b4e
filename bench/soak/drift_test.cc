// SPDX-License-Identifier: Apache-2.0
#include "drift.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

namespace soak {
namespace {

constexpr double kMegabyte = 1024 * 1024;

// Memory of 20 MB that breathes by half a megabyte, and grows by `slope` bytes a sample.
std::vector<double> make_memory(std::size_t count, double slope) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> noise(-kMegabyte / 4, kMegabyte / 4);
  std::vector<double> samples;
  for (std::size_t i = 0; i < count; ++i)
    samples.push_back(20 * kMegabyte + slope * double(i) + noise(random));
  return samples;
}

}  // namespace

TEST_CASE("drift: steady memory is none, whatever it did in the first half") {
  CHECK_FALSE(find_drift(make_memory(120, 0), kMemory).is_drift);
  std::vector<double> samples = make_memory(120, 0);
  for (std::size_t i = 0; i < 60; ++i)
    samples[i] = double(i) * kMegabyte / 3;
  CHECK_FALSE(find_drift(samples, kMemory).is_drift);
}

TEST_CASE("drift: a steady leak is found, and its size is about right") {
  const Drift drift = find_drift(make_memory(120, 40'000), kMemory);
  CHECK(drift.is_drift);
  CHECK(drift.growth == doctest::Approx(40'000 * 59).epsilon(0.1));
  CHECK(find_drift(make_memory(5'000, 1'000), kMemory).is_drift);
}

TEST_CASE("drift: a few outliers neither make nor hide one") {
  std::vector<double> steady = make_memory(120, 0);
  std::vector<double> leaking = make_memory(120, 40'000);
  for (const std::size_t i : {100, 105, 110, 117, 119})
    steady[i] += 50 * kMegabyte;
  for (const std::size_t i : {100, 105, 110, 117, 119})
    leaking[i] -= 15 * kMegabyte;
  CHECK_FALSE(find_drift(steady, kMemory).is_drift);
  CHECK(find_drift(leaking, kMemory).is_drift);
}

TEST_CASE("drift: one step in the second half is growth, going down is none") {
  std::vector<double> samples(120, 10.0);
  for (std::size_t i = 90; i < 120; ++i)
    samples[i] = 40;
  CHECK(find_drift(samples, kFiles).is_drift);
  for (std::size_t i = 0; i < 120; ++i)
    samples[i] = 500 - double(i);
  CHECK_FALSE(find_drift(samples, kFiles).is_drift);
}

TEST_CASE("drift: too few samples show nothing") {
  CHECK_FALSE(find_drift({1, 10, 100, 1000, 10'000, 100'000, 1e6}, kFiles).is_drift);
  CHECK(find_drift({0, 0, 0, 0, 10, 20, 30, 40}, kFiles).is_drift);
}

}  // namespace soak
