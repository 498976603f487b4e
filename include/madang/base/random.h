// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace madang {

// Where randomness comes from. Handed in, so that a simulation can draw everything from one seed.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  // 64 random bits. From one thread at a time.
  virtual std::uint64_t next() = 0;
};

// The operating system's generator: unpredictable, and safe from any thread.
class SystemRandom : public RandomSource {
 public:
  std::uint64_t next() override;
};

// The same numbers for the same seed: splitmix64 (Steele, Lea and Flood, 2014). Not for secrets.
class SeededRandom : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override;

  // A number below `bound`, which is not 0. The bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace madang
