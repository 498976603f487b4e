// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/fossil_format.h"
#include "madang/base/fossil_delta.h"

namespace madang {
namespace {

// Bytes at a place that must be equal before it is looked at.
constexpr std::size_t kWindow = 8;
// Every how many bytes of the source a place is indexed, as long as there are not too many; what is
// common to both sides is then found if it is this and a window long. Large sources have as many
// places, further apart.
constexpr std::size_t kStride = 4;
constexpr std::size_t kPlacesMax = 1 << 16;
// How many places are tried at each byte of the target.
constexpr std::size_t kCandidatesMax = 8;

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// How many of `size` bytes are equal from `a` and `b` on.
std::size_t common_forward(const char* a, const char* b, std::size_t size) {
  std::size_t equal = 0;
  for (; equal + 8 <= size; equal += 8) {
    const std::uint64_t difference = word_at(a + equal) ^ word_at(b + equal);
    if (difference == 0) continue;
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(difference)
                                                                : std::countl_zero(difference);
    return equal + static_cast<std::size_t>(bits) / 8;
  }
  while (equal < size && a[equal] == b[equal])
    ++equal;
  return equal;
}

// How many of `size` bytes are equal up to, and without, `a` and `b`.
std::size_t common_backward(const char* a, const char* b, std::size_t size) {
  std::size_t equal = 0;
  for (; equal + 8 <= size; equal += 8) {
    const std::uint64_t difference = word_at(a - equal - 8) ^ word_at(b - equal - 8);
    if (difference == 0) continue;
    const int bits = std::endian::native == std::endian::little ? std::countl_zero(difference)
                                                                : std::countr_zero(difference);
    return equal + static_cast<std::size_t>(bits) / 8;
  }
  while (equal < size && *(a - equal - 1) == *(b - equal - 1))
    ++equal;
  return equal;
}

// Whether a cut at `at` would part a UTF-8 character from its head.
bool inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// UTF-8 has at most three bytes after a head; where there are more, the text is something else and
// may be cut anywhere.
constexpr std::size_t kTailBytesMax = 3;

std::size_t cut_after(std::string_view text, std::size_t at) {
  for (std::size_t i = 0; i <= kTailBytesMax; ++i) {
    if (!inside_character(text, at + i)) return at + i;
  }
  return at;
}

std::size_t cut_before(std::string_view text, std::size_t at) {
  for (std::size_t i = 0; i <= kTailBytesMax && i <= at; ++i) {
    if (!inside_character(text, at - i)) return at - i;
  }
  return at;
}

// Whether a copy is shorter than the bytes it stands for, even if it splits a literal in two.
bool worth_a_copy(std::size_t size, std::size_t offset) {
  constexpr std::size_t kSecondLiteral = 2;
  return size > fossil::digits_of(size) + fossil::digits_of(offset) + 2 + kSecondLiteral;
}

// Writes commands until the patch is as large as the target.
class PatchWriter {
 public:
  PatchWriter(std::string& patch, std::string_view target) : patch_(patch), target_(target) {
    number(target.size());
    put("\n");
  }

  // What of the target the commands so far make.
  std::size_t done() const { return done_; }
  bool full() const { return full_; }

  // What is next in the target, up to `end`.
  void literal(std::size_t end) {
    if (end == done_) return;
    number(end - done_);
    put(":");
    put(target_.substr(done_, end - done_));
    done_ = end;
  }

  void copy(std::size_t offset, std::size_t size) {
    number(size);
    put("@");
    number(offset);
    put(",");
    done_ += size;
  }

  void checksum() {
    number(fossil::checksum(target_));
    put(";");
  }

 private:
  void number(std::size_t number) {
    char digits[11];
    const std::size_t count = fossil::digits_of(number);
    for (std::size_t i = count; i > 0; --i, number >>= 6)
      digits[i - 1] = fossil::kDigits[number & 63];
    put({digits, count});
  }

  void put(std::string_view bytes) {
    full_ = full_ || patch_.size() + bytes.size() >= target_.size();
    if (!full_) patch_ += bytes;
  }

  std::string& patch_;
  std::string_view target_;
  std::size_t done_ = 0;
  bool full_ = false;
};

// The first `bits` bits of a window's hash.
std::size_t hash_of(const char* window, int bits) {
  return static_cast<std::size_t>(word_at(window) * 0x9e3779b97f4a7c15u >> (64 - bits));
}

// Of the hash, how many bits more the filter looks at than the buckets.
constexpr int kFilterBits = 4;

}  // namespace

bool FossilDeltaEncoder::encode(std::string_view source, std::string_view target,
                                std::string& patch) {
  patch.clear();
  if (std::max(source.size(), target.size()) > kFossilDeltaSizeMax) return false;
  PatchWriter writer(patch, target);

  // Most often little has changed, and what is around it need not be searched for.
  const std::size_t shorter = std::min(source.size(), target.size());
  const std::size_t head =
      cut_before(target, common_forward(source.data(), target.data(), shorter));
  if (worth_a_copy(head, 0)) writer.copy(0, head);
  std::size_t tail = common_backward(source.data() + source.size(), target.data() + target.size(),
                                     shorter - writer.done());
  tail = target.size() - cut_after(target, target.size() - tail);
  if (!worth_a_copy(tail, source.size() - tail)) tail = 0;
  const std::size_t tail_begin = target.size() - tail;

  std::size_t at = writer.done();
  if (source.size() >= kWindow && tail_begin - at >= kWindow) {
    index(source);
    std::size_t expected = at;  // where the source goes on if nothing was put in or taken out
    while (!writer.full() && at < tail_begin && at + kWindow <= target.size()) {
      const char* const window = target.data() + at;
      const bool goes_on = expected + kWindow <= source.size() &&
                           word_at(window) == word_at(source.data() + expected);
      Copy copy;
      if (goes_on || may_be_indexed(window))
        copy = longest_copy(source, target, writer.done(), at, expected);
      if (!worth_a_copy(copy.size, copy.source)) {
        ++at;
        ++expected;
        continue;
      }
      writer.literal(copy.target);
      writer.copy(copy.source, copy.size);
      at = copy.target + copy.size;
      expected = copy.source + copy.size;
    }
  }

  // The last copy may reach into the tail.
  if (writer.done() < tail_begin) writer.literal(tail_begin);
  const std::size_t left = target.size() - writer.done();
  if (worth_a_copy(left, source.size() - left)) {
    writer.copy(source.size() - left, left);
  } else {
    writer.literal(target.size());
  }
  writer.checksum();
  if (writer.full()) patch.clear();
  return !writer.full();
}

void FossilDeltaEncoder::index(std::string_view source) {
  const std::size_t windows = source.size() - kWindow + 1;
  const std::size_t stride = std::max(kStride, (windows + kPlacesMax - 1) / kPlacesMax);
  const std::size_t count = (windows + stride - 1) / stride;
  bucket_bits_ = std::max(2, static_cast<int>(std::bit_width(count - 1)));
  const std::size_t buckets = std::size_t{1} << bucket_bits_;
  // Powers of two, so that little is allocated on the way up, and nothing beyond the bound.
  if (places_.size() < buckets) places_.resize(buckets);
  if (buckets_.size() < buckets + 1) buckets_.resize(buckets + 1);

  const std::size_t filter_words = (buckets << kFilterBits) / 64;
  if (filter_.size() < filter_words) filter_.resize(filter_words);
  std::fill_n(filter_.begin(), filter_words, 0);

  // A sort by counting: each bucket's size, then its end, then, filled from behind, its begin.
  std::fill_n(buckets_.begin(), buckets, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t hash = hash_of(source.data() + i * stride, bucket_bits_ + kFilterBits);
    ++buckets_[hash >> kFilterBits];
    filter_[hash / 64] |= std::uint64_t{1} << hash % 64;
  }
  std::uint32_t end = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket)
    buckets_[bucket] = end += buckets_[bucket];
  buckets_[buckets] = end;
  for (std::size_t i = count; i-- > 0;) {
    const std::size_t bucket = hash_of(source.data() + i * stride, bucket_bits_);
    places_[--buckets_[bucket]] = static_cast<std::uint32_t>(i * stride);
  }
}

bool FossilDeltaEncoder::may_be_indexed(const char* window) const {
  const std::size_t hash = hash_of(window, bucket_bits_ + kFilterBits);
  return (filter_[hash / 64] >> hash % 64 & 1) != 0;
}

// The longest of the copies tried that have target[at] in their first window. One may begin before,
// as far as no command has made the target, which is up to `done`. Time is linear because a copy
// that took long to look at is long, and the longest is taken.
FossilDeltaEncoder::Copy FossilDeltaEncoder::longest_copy(std::string_view source,
                                                          std::string_view target, std::size_t done,
                                                          std::size_t at,
                                                          std::size_t expected) const {
  const char* const window = target.data() + at;
  Copy best;
  const auto look = [&](std::size_t place) {
    const char* const there = source.data() + place;
    if (word_at(window) != word_at(there)) return;
    const std::size_t before = common_backward(window, there, std::min(at - done, place));
    const std::size_t after =
        common_forward(window, there, std::min(target.size() - at, source.size() - place));
    if (before + after > best.size) best = {place - before, at - before, before + after};
  };

  if (expected + kWindow <= source.size()) look(expected);
  const std::size_t bucket = hash_of(window, bucket_bits_);
  auto first = places_.begin() + buckets_[bucket];
  auto last = places_.begin() + buckets_[bucket + 1];
  // Of many the nearest are likely, for changes seldom turn the order around.
  if (last - first > static_cast<std::ptrdiff_t>(kCandidatesMax)) {
    constexpr auto kHalf = static_cast<std::ptrdiff_t>(kCandidatesMax) / 2;
    const auto nearest = std::lower_bound(first, last, expected);
    first += std::clamp(nearest - first - kHalf, std::ptrdiff_t{0}, last - first - 2 * kHalf);
    last = first + 2 * kHalf;
  }
  for (; first != last; ++first)
    look(*first);

  const std::size_t begin = cut_after(target, best.target);
  const std::size_t end = cut_before(target, best.target + best.size);
  if (best.size == 0 || begin >= end) return {};
  return {best.source + (begin - best.target), begin, end - begin};
}

}  // namespace madang
