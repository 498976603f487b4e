// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <malloc.h>

#include <cstdlib>
#include <new>
#include <string>

#include "madang/transport/websocket/message_reader.h"
#include "websocket/stream.h"

namespace {

// What this program holds, and how often it asked, through operator new.
size_t held_bytes = 0;
size_t allocations = 0;

}  // namespace

void* operator new(size_t size) {
  void* const p = std::malloc(size);
  if (p == nullptr) throw std::bad_alloc();
  held_bytes += malloc_usable_size(p);
  ++allocations;
  return p;
}

void operator delete(void* p) noexcept {
  held_bytes -= malloc_usable_size(p);
  std::free(p);
}

void operator delete(void* p, size_t) noexcept { operator delete(p); }

namespace madang::websocket {
namespace {

constexpr ReaderLimits kLarge = {.message_bytes_max = 1 << 24, .fragments_max = 1 << 20};

// Feeds without allocating anything itself.
EventKind feed_one(MessageReader& reader, std::span<char> input) { return reader.next(input).kind; }

}  // namespace

TEST_CASE("reader: frames that lie whole in the input cost no allocation") {
  std::string input = text("message") + ping("ping") + binary(std::string(60'000, 'x'));
  MessageReader reader(Role::kServer, &kTestLimits);
  const size_t before = allocations;
  std::span<char> rest(input);
  int events = 0;
  while (reader.next(rest).kind != EventKind::kNeedMore)
    ++events;
  const size_t after = allocations;
  CHECK(events == 3);
  CHECK(after == before);
}

TEST_CASE("reader: memory follows what arrived, not the announced length") {
  std::string head = binary(std::string(1 << 24, 'x')).substr(0, 14 + 100);
  std::string part(100'000, 'x');
  MessageReader reader(Role::kServer, &kLarge);
  const size_t before = held_bytes;
  CHECK(feed_one(reader, std::span<char>(head)) == EventKind::kNeedMore);
  CHECK(held_bytes - before < 1000);
  CHECK(feed_one(reader, std::span<char>(part)) == EventKind::kNeedMore);
  CHECK(held_bytes - before < 201'000);
}

TEST_CASE("reader: the buffer of a message in one frame ends no larger than the message") {
  std::string stream = binary(std::string(100'000, 'x'));
  MessageReader reader(Role::kServer, &kLarge);
  const size_t before = held_bytes;
  for (size_t i = 0; i < stream.size(); i += 1000) {
    feed_one(reader, std::span<char>(stream).subspan(i, std::min<size_t>(1000, stream.size() - i)));
  }
  CHECK(held_bytes - before >= 100'000);
  CHECK(held_bytes - before < 101'000);
}

TEST_CASE("reader: an idle connection holds nothing, whatever it received before") {
  MessageReader reader(Role::kServer, &kTestLimits);
  for (std::string stream : {text("cut"), ping("cut"), start("a") + last("b"),
                             start("a") + ping("cut") + last(std::string(5000, 'b'))}) {
    const size_t before = held_bytes;
    for (size_t i = 0; i < stream.size(); ++i) {
      std::span<char> rest = std::span<char>(stream).subspan(i, 1);
      while (reader.next(rest).kind != EventKind::kNeedMore)
        continue;
    }
    CHECK_FALSE(reader.in_message());
    CHECK(held_bytes == before);
  }
  std::string bad = start("held") + text("error");
  const size_t before = held_bytes;
  CHECK(feed_one(reader, std::span<char>(bad)) == EventKind::kError);
  CHECK(held_bytes == before);
}

TEST_CASE("reader: many small fragments cost no more than a few allocations") {
  std::string stream = start("");
  for (int i = 0; i < 65'536; ++i)
    stream += more("0123456789abcdef");
  stream += last("");
  MessageReader reader(Role::kServer, &kLarge);
  std::span<char> rest(stream);
  const size_t before = allocations;
  const Event event = reader.next(rest);
  const size_t after = allocations;
  CHECK(event.data.size() == 65'536 * 16);
  CHECK(after - before < 30);
}

}  // namespace madang::websocket
