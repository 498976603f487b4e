// SPDX-License-Identifier: Apache-2.0

// Makes patches for decoders of others. Usage: fossil_patches < pairs > patches
//
// A pair is "<size of source> <size of target>\n" and the bytes of both; what comes back for each
// is
// "<size of patch>\n" and its bytes, or "-\n" where the target had better go whole. Sizes are
// decimal and at most 16 MiB. Exits with 1 if the input is anything else.
#include <cstddef>
#include <iostream>
#include <string>

#include "madang/base/fossil_delta.h"

namespace {

constexpr std::size_t kSizeMax = 16 << 20;

bool read(std::string& bytes, std::size_t size) {
  bytes.resize(size);
  return static_cast<bool>(std::cin.read(bytes.data(), static_cast<std::streamsize>(size)));
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  madang::FossilDeltaEncoder encoder;
  std::string source;
  std::string target;
  std::string patch;
  std::size_t source_size = 0;
  std::size_t target_size = 0;
  while (std::cin >> source_size) {
    if (!(std::cin >> target_size) || std::cin.get() != '\n' || source_size > kSizeMax ||
        target_size > kSizeMax || !read(source, source_size) || !read(target, target_size)) {
      std::cerr << "fossil_patches: bad input\n";
      return 1;
    }
    if (encoder.encode(source, target, patch)) {
      std::cout << patch.size() << '\n' << patch;
    } else {
      std::cout << "-\n";
    }
  }
  if (!std::cin.eof()) std::cerr << "fossil_patches: bad input\n";
  return std::cin.eof() && std::cout.flush() ? 0 : 1;
}
