// SPDX-License-Identifier: Apache-2.0
#include "madang/base/random.h"

#include <random>

namespace madang {

std::uint64_t SystemRandom::next() {
  // libstdc++ reads the processor's or the kernel's generator; no state is kept between calls.
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace madang
