// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/deflate.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "websocket/stream.h"

namespace madang::websocket {
namespace {

constexpr InflateLimits kLargeLimits = {.message_bytes_max = 1 << 24, .ratio_max = 2000};

std::string compress(std::string_view message, const DeflateOptions& options = {}) {
  Deflater deflater(options);
  std::string out;
  deflater.compress(message, &out);
  return out;
}

InflateStatus inflate_status(std::string_view compressed, const InflateLimits& limits) {
  Inflater inflater;
  std::string out = "from before";
  const InflateStatus status = inflater.inflate(compressed, limits, &out);
  if (status != InflateStatus::kOk) CHECK(out.empty());
  return status;
}

std::string inflate(std::string_view compressed) {
  Inflater inflater;
  std::string out;
  CHECK(inflater.inflate(compressed, kLargeLimits, &out) == InflateStatus::kOk);
  return out;
}

std::string random_text(size_t size, unsigned seed, unsigned letters = 256) {
  std::mt19937 random(seed);
  std::string out(size, '\0');
  for (char& c : out)
    c = static_cast<char>(random() % letters);
  return out;
}

Event compressed_text(std::string_view payload) {
  return {.kind = EventKind::kMessage, .compressed = true, .data = payload};
}

}  // namespace

TEST_CASE("deflate: messages of every size come back, whatever the window") {
  for (int bits = 9; bits <= 15; ++bits) {
    for (size_t size : {0, 1, 5, 1000, 16'383, 16'384, 16'385, 300'000}) {
      const std::string message = random_text(size, 1, bits % 2 == 0 ? 4 : 256);
      CHECK(inflate(compress(message, {.window_bits = bits})) == message);
    }
  }
}

TEST_CASE("deflate: the examples of RFC 7692, section 7.2.3") {
  const std::string hello = "Hello";
  CHECK(inflate(bytes({0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00})) == hello);
  // One stored block.
  CHECK(inflate(bytes({0x00, 0x05, 0x00, 0xFA, 0xFF, 'H', 'e', 'l', 'l', 'o', 0x00})) == hello);
  // A block that says it is the last, and then an empty one.
  CHECK(inflate(bytes({0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00})) == hello);
  // Two blocks, the first flushed.
  CHECK(inflate(bytes({0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07,
                       0x00})) == hello);
  CHECK(inflate(bytes({0x00})).empty());
  CHECK(compress(hello) == bytes({0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00}));
  CHECK(compress("") == bytes({0x00}));
}

TEST_CASE("deflate: a stream that ends inside a message may be followed by another") {
  const std::string last_block = bytes({0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00});
  CHECK(inflate(last_block) == "Hello");
  CHECK(inflate(last_block + last_block + bytes({0x00})) == "HelloHello");
  // An empty last block, its tail left out.
  CHECK(inflate(bytes({0x01})).empty());
}

TEST_CASE("deflate: one object serves many messages and keeps nothing between them") {
  Deflater deflater;
  Inflater inflater;
  const std::string message = random_text(2000, 2, 8);
  std::string first;
  deflater.compress(message, &first);
  for (int i = 0; i < 3; ++i) {
    std::string again = "head";
    deflater.compress(message, &again);
    CHECK(again == "head" + first);
    std::string out;
    CHECK(inflater.inflate("\xFF\xFF garbage", kLargeLimits, &out) == InflateStatus::kCorrupt);
    CHECK(inflater.inflate(first, kLargeLimits, &out) == InflateStatus::kOk);
    CHECK(out == message);
  }
}

TEST_CASE("deflate: the window that was agreed on is kept") {
  const std::string noise = random_text(600, 3);
  const std::string compressed = compress(noise + noise, {.window_bits = 9});
  z_stream stream = {};
  REQUIRE(inflateInit2(&stream, -9) == Z_OK);
  std::string out(noise.size() * 2, '\0');
  std::string input = compressed + bytes({0x00, 0x00, 0xFF, 0xFF});
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(::inflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  CHECK(stream.avail_out == 0);
  CHECK(out == noise + noise);
  inflateEnd(&stream);
  // The repetition lies out of that window's reach and within the largest one's.
  CHECK(compressed.size() > 1100);
  CHECK(compress(noise + noise).size() < 800);
}

TEST_CASE("deflate: what cannot be compressed grows by a few bytes only") {
  const std::string noise = random_text(100'000, 4);
  CHECK(compress(noise).size() <= noise.size() + noise.size() / 500 + 16);
}

TEST_CASE("inflate: the limit is exact and stops a bomb while it is inflated") {
  const InflateLimits limits = {.message_bytes_max = 64 * 1024};
  CHECK(inflate_status(compress(std::string(64 * 1024, 'x')), limits) == InflateStatus::kOk);
  CHECK(inflate_status(compress(std::string(64 * 1024 + 1, 'x')), limits) ==
        InflateStatus::kTooBig);
  const std::string bomb = compress(std::string(100 << 20, '\0'), {.level = 9});
  CHECK(bomb.size() < 120'000);
  Inflater inflater;
  std::string out;
  CHECK(inflater.inflate(bomb, limits, &out) == InflateStatus::kTooBig);
  CHECK(out.empty());
  CHECK(out.capacity() <= 2 * limits.message_bytes_max);
  CHECK(inflate_status(compress("x"), {.message_bytes_max = 0}) == InflateStatus::kTooBig);
  CHECK(inflate_status(compress(""), {.message_bytes_max = 0}) == InflateStatus::kOk);
}

TEST_CASE("inflate: beyond 64 KiB the ratio is limited too") {
  const std::string zeros = compress(std::string(1 << 20, '\0'));
  CHECK(inflate_status(zeros, {.message_bytes_max = 1 << 24}) == InflateStatus::kTooBig);
  CHECK(inflate_status(zeros, {.message_bytes_max = 1 << 24, .ratio_max = 2000}) ==
        InflateStatus::kOk);
  CHECK(inflate_status(zeros, {.message_bytes_max = 1 << 24, .ratio_max = 0}) ==
        InflateStatus::kTooBig);
  CHECK(inflate_status(compress(std::string(kRatioFreeBytes, '\0')),
                       {.message_bytes_max = 1 << 24, .ratio_max = 1}) == InflateStatus::kOk);
  const std::string noise = random_text(1 << 20, 5, 16);
  CHECK(inflate_status(compress(noise), {.message_bytes_max = 1 << 24}) == InflateStatus::kOk);
}

TEST_CASE("inflate: garbage and streams cut short are corrupt") {
  CHECK(inflate_status(bytes({0x07}), kLargeLimits) == InflateStatus::kCorrupt);
  CHECK(inflate_status("this is no deflate stream", kLargeLimits) == InflateStatus::kCorrupt);
  // A distance that reaches before the message.
  CHECK(inflate_status(bytes({0x02, 0x13, 0x00, 0x00}), kLargeLimits) == InflateStatus::kCorrupt);
  const std::string hello = compress("Hello, Hello, Hello");
  for (size_t cut = 1; cut < hello.size(); ++cut) {
    CAPTURE(cut);
    CHECK(inflate_status(hello.substr(0, cut), kLargeLimits) == InflateStatus::kCorrupt);
  }
  // The tail, which does not belong on the wire.
  CHECK(inflate_status(hello + bytes({0x00, 0x00, 0xFF, 0xFF}), kLargeLimits) ==
        InflateStatus::kCorrupt);
}

TEST_CASE("inflate: mutated streams stay within the limit and leave the object usable") {
  std::mt19937 random(6);
  Inflater inflater;
  const std::string good = compress(random_text(300, 7, 20));
  const InflateLimits limits = {.message_bytes_max = 1000};
  int counts[3] = {};
  std::string out;
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (size_t i = 1 + random() % 3; i > 0; --i) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    const InflateStatus status = inflater.inflate(bad, limits, &out);
    ++counts[static_cast<int>(status)];
    if (out.size() > limits.message_bytes_max) FAIL(round);
    if (status != InflateStatus::kOk && !out.empty()) FAIL(round);
  }
  CHECK(counts[static_cast<int>(InflateStatus::kOk)] > 0);
  CHECK(counts[static_cast<int>(InflateStatus::kCorrupt)] > 0);
  CHECK(inflater.inflate(good, limits, &out) == InflateStatus::kOk);
}

TEST_CASE("inflate: a compressed message is completed, with UTF-8 checked after inflating") {
  Inflater inflater;
  std::string out;
  const auto complete = [&](const Event& event) {
    return describe(inflate_message(event, {.message_bytes_max = 100}, inflater, &out));
  };
  CHECK(complete(compressed_text(compress("\xEB\xA7\x88"))) == "text:\xEB\xA7\x88");
  CHECK(complete(compressed_text("")) == "text:");
  CHECK(complete(compressed_text(compress("\xEB\xA7"))) == "error:1007:invalid UTF-8");
  CHECK(complete(compressed_text("\x07")) == "error:1007:invalid compressed data");
  CHECK(complete(compressed_text(compress(std::string(101, 'x')))) == "error:1009:message too big");
  Event binary_event = compressed_text("");
  const std::string not_text = compress("\xEB\xA7");
  binary_event.binary = true;
  binary_event.data = not_text;
  CHECK(complete(binary_event) == "binary:\xEB\xA7");
}

TEST_CASE("inflate: a compressed message goes through reader and inflater in any pieces") {
  const std::string message = random_text(500, 8, 100);
  const std::string payload = compress(message);
  const std::string stream =
      masked({.opcode = Opcode::kText, .fin = false, .compressed = true}, payload.substr(0, 100)) +
      ping("between") + last(payload.substr(100));
  Inflater inflater;
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    MessageReader reader(Role::kServer, &kTestLimits, true);
    std::string events;
    for (std::string input : {stream.substr(0, cut), stream.substr(cut)}) {
      std::span<char> rest(input);
      std::string out;
      for (Event event = reader.next(rest); event.kind != EventKind::kNeedMore;
           event = reader.next(rest)) {
        if (event.compressed) event = inflate_message(event, {}, inflater, &out);
        events += describe(event) + "\n";
      }
    }
    CHECK(events == "ping:between\ntext:" + message + "\n");
  }
}

}  // namespace madang::websocket
