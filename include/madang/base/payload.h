// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace madang {

// Immutable bytes that many owners share: what a room keeps, what a thousand sockets send. Copying
// one, or cutting a slice from it, costs a reference count and no bytes.
//
// Safe to copy and destroy from any threads at once, as long as each has its own Payload object.
// At most 4 GiB; longer input is a programmer's error.
class Payload {
 public:
  Payload() = default;

  // Copies `bytes`. Implicit, so that a call that takes a Payload takes text as well.
  Payload(std::string_view bytes);  // NOLINT(google-explicit-constructor)
  Payload(const std::string& bytes) : Payload(std::string_view(bytes)) {}  // NOLINT
  Payload(const char* text) : Payload(std::string_view(text)) {}           // NOLINT

  // A copy of `text`, which the caller has found to be one JSON value without line breaks. Whoever
  // is to check a payload need not look again: see checked_json_of() in json.h.
  static Payload of_json(std::string_view text);
  bool is_json() const;

  Payload(const Payload& other) noexcept;
  Payload(Payload&& other) noexcept
      : buffer_(std::exchange(other.buffer_, nullptr)), begin_(other.begin_), size_(other.size_) {
    other.size_ = 0;
  }
  Payload& operator=(Payload other) noexcept {
    std::swap(buffer_, other.buffer_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Payload();

  const char* data() const;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data(), size_}; }

  // The bytes [begin, begin + size) of this one, sharing its storage. The range must lie within.
  Payload slice(std::size_t begin, std::size_t size) const;

 private:
  struct Buffer;

  Buffer* buffer_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

inline bool operator==(const Payload& a, const Payload& b) { return a.view() == b.view(); }

}  // namespace madang
