// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace madang {

// Patches in the Fossil delta format
// (https://fossil-scm.org/home/doc/trunk/www/delta_format.wiki): what turns one text into the next
// by copies out of the old and pieces of the new. The stock clients of the Centrifuge protocol read
// them.

// Above this neither side of a patch may be: decoders in the field count in 31 bits.
inline constexpr std::size_t kFossilDeltaSizeMax = 0x7fffffff;

// Makes patches. It keeps its working memory, about 640 KiB at the most however large the texts
// are, so one that is kept does not allocate once it is warm.
//
// From one thread at a time. The time is linear in source and target, whatever is in them.
class FossilDeltaEncoder {
 public:
  // Writes into `patch`, which is overwritten, what makes `target` out of `source`, and says true;
  // or clears it and says false when the patch would not be smaller than the target, which then had
  // better go whole. So it is with an empty target, and with one that has little of the source.
  //
  // A target in UTF-8 yields a patch in UTF-8, so that the patch can travel as a JSON string: no
  // copy begins or ends inside a character. Sizes are compared before any such escaping.
  //
  // No argument may share memory with another, but source and target.
  bool encode(std::string_view source, std::string_view target, std::string& patch);

 private:
  struct Copy {
    std::size_t source = 0;  // where it begins there
    std::size_t target = 0;
    std::size_t size = 0;
  };

  void index(std::string_view source);
  bool may_be_indexed(const char* window) const;
  Copy longest_copy(std::string_view source, std::string_view target, std::size_t done,
                    std::size_t at, std::size_t expected) const;

  // Places in the source, ascending within the bucket that the bytes found there hash to. Bucket b
  // is [buckets_[b], buckets_[b + 1]).
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> buckets_;
  int bucket_bits_ = 0;
  // A bit for each of sixteen parts of each bucket: whether a place is in it. Most windows that are
  // nowhere in the source are found out here.
  std::vector<std::uint64_t> filter_;
};

// What `patch` makes out of `source`, for patches from anywhere.
//
// OutOfRange if that is larger than `size_max`. InvalidArgument if the patch is cut off, goes on
// after its end, reaches outside the source, has a number above 32 bits, makes more or less than it
// says, or has a checksum that does not fit. Nothing is allocated before all but the checksum has
// been found to be right. Any thread.
absl::StatusOr<std::string> apply_fossil_delta(std::string_view source, std::string_view patch,
                                               std::size_t size_max);

}  // namespace madang
