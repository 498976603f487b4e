// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "madang/base/random.h"
#include "protocol/centrifuge/client.h"
#include "protocol/centrifuge/protobuf_bytes.h"

namespace madang::centrifuge {
namespace {

const char* const kSeeds[] = {
    R"({"id":2,"subscribe":{"channel":"r","token":"t","recover":true,"offset":7,"epoch":"e",)"
    R"("data":{"a":1},"join_leave":true,"delta":"fossil","flag":1,"phase":2}})",
    R"({"id":3,"publish":{"channel":"r\u00e9","data":{"a":[1,2,{"b":"\n"}],"c":null}}})",
    R"({"id":4,"history":{"channel":"r","limit":-1,"since":{"offset":300,"epoch":"e"}}})",
    R"({"id":5,"rpc":{"method":"m","data":[[[]],{}]}})",
    R"({"send":{"data":"x"}})",
    R"({"id":6,"refresh":{"token":"t"}})",
    R"({"id":7,"sub_refresh":{"channel":"r","token":"t","untrack":["a"]}})",
    R"({"id":8,"unsubscribe":{"channel":"r"}})",
    R"({"id":9,"presence":{"channel":"r"}})",
    R"({"id":10,"presence_stats":{"channel":"r"}})",
    R"({"id":11,"connect":{"token":"t","data":{},"subs":{"a":{"recover":true,"epoch":"e"}}}})",
    "{}",
};

// Sends it and checks that each answer is one, and that nothing closes but 3501.
std::uint32_t outcome(const std::string& bytes, bool waits = false) {
  ConnectedClient client;
  client.session.presences.at_once = std::vector<ClientInfoRef>();
  client.session.stats.at_once = PresenceStats();
  client.session.histories.at_once = HistoryResult();
  client.session.ping_outstanding = true;
  client.session.input = !waits;
  client.protocol->received(bytes, MessageKind::kBinary);
  client.session.input = true;
  client.protocol->resume();
  for (const auto& written : client.session.written)
    REQUIRE(reference::replies(written).size() == 1);
  REQUIRE((client.closed() == 0 || client.closed() == 3501));
  return client.closed();
}

TEST_CASE("fuzz: each command cut at every length, and each bit of it flipped") {
  int flipped = 0;
  int closed = 0;
  for (const char* seed : kSeeds) {
    CAPTURE(seed);
    const std::string command = reference::command(seed);
    for (std::size_t size = 0; size < command.size(); ++size) {
      CAPTURE(size);
      CHECK(outcome(framed(command).substr(0, size)) == 3501);
      outcome(framed(command.substr(0, size)));
    }
    const std::string whole = framed(command);
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      CAPTURE(bit);
      std::string bytes = whole;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      ++flipped;
      if (outcome(bytes) != 0) ++closed;
    }
  }
  // Neither all nor none: many bits are of payloads.
  CHECK(closed > flipped / 4);
  CHECK(closed < flipped * 9 / 10);
}

std::string mutated(SeededRandom& random) {
  std::string bytes;
  for (auto count = 1 + random.below(3); count > 0; --count)
    bytes += framed(reference::command(kSeeds[random.below(std::size(kSeeds))]));
  for (auto count = random.below(6); count > 0 && !bytes.empty(); --count) {
    const auto at = random.below(bytes.size());
    const char with = static_cast<char>(random.below(256));
    switch (random.below(4)) {
      case 0:
        bytes[at] = with;
        break;
      case 1:
        bytes.insert(at, 1, with);
        break;
      case 2:
        bytes.erase(at, 1 + random.below(4));
        break;
      default:
        bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(20)));
        break;
    }
  }
  return bytes;
}

TEST_CASE("fuzz: mangled messages are answered or closed with 3501, and nothing else") {
  SeededRandom random(42);
  int closed = 0;
  constexpr int kRounds = 15'000;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    if (outcome(mutated(random), random.below(2) == 0) != 0) ++closed;
  }
  CHECK(closed > kRounds / 5);
  CHECK(closed < kRounds * 9 / 10);
}

TEST_CASE("fuzz: bytes without sense are a command by chance or close with 3501") {
  SeededRandom random(43);
  for (int round = 0; round < 20'000; ++round) {
    CAPTURE(round);
    std::string bytes(1 + random.below(60), '\0');
    for (char& c : bytes)
      c = static_cast<char>(random.below(256));
    outcome(bytes);
    outcome(framed(bytes));
  }
}

}  // namespace
}  // namespace madang::centrifuge
