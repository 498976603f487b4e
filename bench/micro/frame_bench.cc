// SPDX-License-Identifier: Apache-2.0

// WebSocket frames: the mask, and whole messages to and fro, in bytes a second.
#include <benchmark/benchmark.h>

#include <span>
#include <string>

#include "madang/transport/websocket/frame.h"
#include "madang/transport/websocket/message_reader.h"

namespace madang::websocket {
namespace {

constexpr MaskKey kKey{0x12, 0x34, 0x56, 0x78};

void set_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void mask(benchmark::State& state) {
  std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    apply_mask(bytes, kKey);
    benchmark::DoNotOptimize(bytes.data());
  }
  set_bytes(state);
}
BENCHMARK(mask)->RangeMultiplier(16)->Range(64, 64 * 1024);

void write_frame(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_frame(Opcode::kText, payload, &out);
    benchmark::DoNotOptimize(out.data());
  }
  set_bytes(state);
}
BENCHMARK(write_frame)->RangeMultiplier(16)->Range(64, 64 * 1024);

// A client's text frame, masked: the header, the mask and the check of its UTF-8. The copy that
// gives each round fresh bytes is a part of the figure.
void read_message(benchmark::State& state) {
  FrameHeader header;
  header.mask = kKey;
  std::string frame;
  append_frame(header, std::string(static_cast<std::size_t>(state.range(0)), 'x'), &frame);
  ReaderLimits limits;
  MessageReader reader(Role::kServer, &limits);
  std::string input;
  for (auto _ : state) {
    input = frame;
    std::span<char> bytes(input);
    if (reader.next(bytes).kind != EventKind::kMessage) return state.SkipWithError("no message");
  }
  set_bytes(state);
}
BENCHMARK(read_message)->RangeMultiplier(16)->Range(64, 64 * 1024);

}  // namespace
}  // namespace madang::websocket
