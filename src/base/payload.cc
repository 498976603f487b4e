// SPDX-License-Identifier: Apache-2.0
#include "madang/base/payload.h"

#include <atomic>
#include <cassert>
#include <cstring>
#include <limits>
#include <new>

namespace madang {

// A header with the bytes right behind it: one allocation a payload.
struct Payload::Buffer {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t json_bytes = 0;  // its length if the whole of it was found to be JSON

  char* bytes() { return reinterpret_cast<char*>(this + 1); }

  static Buffer* create(std::string_view from) {
    void* memory = ::operator new(sizeof(Buffer) + from.size());
    auto* buffer = new (memory) Buffer;
    std::memcpy(buffer->bytes(), from.data(), from.size());
    return buffer;
  }

  void release() {
    if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    this->~Buffer();
    ::operator delete(this);
  }
};

Payload::Payload(std::string_view bytes) {
  assert(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  if (bytes.empty()) return;
  buffer_ = Buffer::create(bytes);
  size_ = static_cast<std::uint32_t>(bytes.size());
}

Payload Payload::of_json(std::string_view text) {
  Payload payload(text);
  if (payload.buffer_ != nullptr) payload.buffer_->json_bytes = payload.size_;
  return payload;
}

bool Payload::is_json() const { return size_ != 0 && size_ == buffer_->json_bytes; }

Payload::Payload(const Payload& other) noexcept
    : buffer_(other.buffer_), begin_(other.begin_), size_(other.size_) {
  if (buffer_ != nullptr) buffer_->references.fetch_add(1, std::memory_order_relaxed);
}

Payload::~Payload() {
  if (buffer_ != nullptr) buffer_->release();
}

const char* Payload::data() const { return buffer_ == nullptr ? "" : buffer_->bytes() + begin_; }

Payload Payload::slice(std::size_t begin, std::size_t size) const {
  assert(begin <= size_ && size <= size_ - begin);
  Payload part(*this);
  part.begin_ += static_cast<std::uint32_t>(begin);
  part.size_ = static_cast<std::uint32_t>(size);
  return part;
}

}  // namespace madang
