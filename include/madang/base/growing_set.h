// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace madang {

// A hash table that never stops the world to grow: extendible hashing (Fagin et al., 1979) over
// pages of at most kPagePlaces places. The costliest insertion moves one page, tens of
// microseconds, where one flat table of a million entries would stall its lock for tens of
// milliseconds.
//
// A page has its hashes, 32 bits each, apart from its entries and in the same order: looking one up
// asks for both at once, so that in a table larger than the caches it waits for memory once, and an
// entry takes little more than its own size. A page grows by three eighths when it is seven eighths
// full. What an entry is found by is a part of it: Hash and Equal take entries and whatever else
// `find` and `take` are asked with.
//
// A page is searched from an entry's place on, so that keys others choose must be hashed with a
// secret: those that all collide are found in linear time.
template <typename Entry, typename Hash, typename Equal>
class GrowingSet {
 public:
  static constexpr std::size_t kPagePlaces = 1024;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Null when there is none. Valid until the next insertion or removal.
  template <typename Key>
  Entry* find(const Key& key) {
    if (size_ == 0) return nullptr;
    const std::uint32_t hash = hash_of(key);
    Page& page = page_of(hash);
    const std::size_t i = place(page, hash, key);
    return page.hashes[i] == 0 ? nullptr : &page.entries[i];
  }

  // The entry, and whether it was put in: not if there is one equal to it, which is the answer
  // then.
  std::pair<Entry*, bool> insert(Entry entry) {
    if (pages_.empty()) {
      pages_.push_back(make_page(kLeastPlaces, 0));
      directory_.push_back(0);
    }
    const std::uint32_t hash = hash_of(entry);
    for (;;) {
      Page& page = page_of(hash);
      const std::size_t i = place(page, hash, entry);
      if (page.hashes[i] != 0) return {&page.entries[i], false};
      if (page.used < most_used(page.places)) {
        page.hashes[i] = hash;
        page.entries[i] = std::move(entry);
        ++page.used;
        ++size_;
        return {&page.entries[i], true};
      }
      grow(index_of(hash));
    }
  }

  // Takes the entry out into `taken`. False if there is none.
  template <typename Key>
  bool take(const Key& key, Entry& taken) {
    if (size_ == 0) return false;
    const std::uint32_t hash = hash_of(key);
    Page& page = page_of(hash);
    const std::size_t i = place(page, hash, key);
    if (page.hashes[i] == 0) return false;
    taken = std::move(page.entries[i]);
    close_gap(page, i);
    --page.used;
    if (--size_ == 0) *this = GrowingSet();
    return true;
  }

  // Calls `visit(entry)` for each, in no order, until it returns false.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Page& page : pages_) {
      for (std::size_t i = 0; i < page.places; ++i) {
        if (page.hashes[i] != 0 && !visit(page.entries[i])) return;
      }
    }
  }

 private:
  static constexpr std::size_t kLeastPlaces = 4;
  // Deeper only hashes that collide in full could go, and then a page simply grows. What is left of
  // a hash below the depth has to tell the places of a page apart.
  static constexpr int kDepthMax = 20;

  struct Page {
    std::unique_ptr<std::uint32_t[]> hashes;  // 0: nobody's
    std::unique_ptr<Entry[]> entries;
    std::uint32_t places = 0;
    std::uint32_t used = 0;
    int depth = 0;  // how many leading bits of the hash its entries share
  };

  // Chains stay short up to here, and one place is always free.
  static std::size_t most_used(std::size_t places) {
    return places - std::max<std::size_t>(1, places / 8);
  }
  static std::size_t grown(std::size_t places) {
    return places + std::max(kLeastPlaces, places * 3 / 8);
  }

  static Page make_page(std::size_t places, int depth) {
    Page page;
    page.hashes = std::make_unique<std::uint32_t[]>(places);
    page.entries = std::make_unique<Entry[]>(places);
    page.places = static_cast<std::uint32_t>(places);
    page.depth = depth;
    return page;
  }

  template <typename Key>
  static std::uint32_t hash_of(const Key& key) {
    const std::uint64_t hash = Hash{}(key);
    return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(hash >> 32));
  }
  std::size_t index_of(std::uint32_t hash) const { return depth_ == 0 ? 0 : hash >> (32 - depth_); }
  Page& page_of(std::uint32_t hash) { return pages_[directory_[index_of(hash)]]; }

  // Where an entry of this hash wants to be: the page's part of the hashes, cut into places.
  static std::size_t home(const Page& page, std::uint32_t hash) {
    const std::uint32_t rest = hash << page.depth;
    return std::uint64_t{rest} * page.places >> 32;
  }
  static std::size_t after(const Page& page, std::size_t i) {
    return i + 1 == page.places ? 0 : i + 1;
  }
  static std::size_t distance(const Page& page, std::size_t from, std::size_t to) {
    return to >= from ? to - from : to + page.places - from;
  }

  // Where the entry is, or where it would be put.
  template <typename Key>
  static std::size_t place(const Page& page, std::uint32_t hash, const Key& key) {
    std::size_t i = home(page, hash);
    __builtin_prefetch(&page.entries[i]);
    while (page.hashes[i] != 0 && (page.hashes[i] != hash || !Equal{}(page.entries[i], key)))
      i = after(page, i);
    return i;
  }

  // Those behind a gap move up, so that no search ends before its entry (Knuth, 6.4, algorithm R).
  static void close_gap(Page& page, std::size_t gap) {
    for (std::size_t i = after(page, gap); page.hashes[i] != 0; i = after(page, i)) {
      if (distance(page, home(page, page.hashes[i]), i) < distance(page, gap, i)) continue;
      page.hashes[gap] = page.hashes[i];
      page.entries[gap] = std::move(page.entries[i]);
      gap = i;
    }
    page.hashes[gap] = 0;
    page.entries[gap] = Entry();
  }

  // Moves what stands at `i` of one page into another, where it is not yet.
  static void move(Page& from, std::size_t i, Page& to) {
    std::size_t free = home(to, from.hashes[i]);
    while (to.hashes[free] != 0)
      free = after(to, free);
    to.hashes[free] = from.hashes[i];
    to.entries[free] = std::move(from.entries[i]);
    ++to.used;
  }

  // Makes space in the page at this place of the directory.
  void grow(std::size_t index) {
    Page& full = pages_[directory_[index]];
    const bool splits = full.places >= kPagePlaces && full.depth < kDepthMax;
    if (splits) return split(index);
    Page larger = make_page(
        full.places < kPagePlaces ? std::min(kPagePlaces, grown(full.places)) : grown(full.places),
        full.depth);
    for (std::size_t i = 0; i < full.places; ++i) {
      if (full.hashes[i] != 0) move(full, i, larger);
    }
    full = std::move(larger);
  }

  void split(std::size_t index) {
    const std::uint32_t lower = directory_[index];
    if (pages_[lower].depth == depth_) {
      std::vector<std::uint32_t> twice;
      twice.reserve(directory_.size() * 2);
      for (const std::uint32_t page : directory_)
        twice.insert(twice.end(), 2, page);
      directory_ = std::move(twice);
      ++depth_;
      index *= 2;
    }
    Page full = std::move(pages_[lower]);
    const int depth = full.depth + 1;
    const auto half_of = [depth](std::uint32_t hash) { return hash >> (32 - depth) & 1; };
    std::size_t used[2] = {0, 0};
    for (std::size_t i = 0; i < full.places; ++i) {
      if (full.hashes[i] != 0) ++used[half_of(full.hashes[i])];
    }
    Page halves[2];
    for (int half = 0; half < 2; ++half)
      halves[half] = make_page(std::min(kPagePlaces, grown(used[half])), depth);
    for (std::size_t i = 0; i < full.places; ++i) {
      if (full.hashes[i] != 0) move(full, i, halves[half_of(full.hashes[i])]);
    }
    pages_[lower] = std::move(halves[0]);
    const auto upper = static_cast<std::uint32_t>(pages_.size());
    pages_.push_back(std::move(halves[1]));
    // The page stood in a run of places; the upper half of them is the new one's.
    const std::size_t span = std::size_t{1} << (depth_ - depth);
    const std::size_t first = index / (2 * span) * (2 * span);
    std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first + span), span, upper);
  }

  std::vector<std::uint32_t> directory_;  // 2^depth_ places, or none
  std::vector<Page> pages_;
  int depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace madang
