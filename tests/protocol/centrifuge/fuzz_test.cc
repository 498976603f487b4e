// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "madang/base/json.h"
#include "madang/base/random.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

const char* const kSeeds[] = {
    R"({"id":2,"subscribe":{"channel":"r","token":"t","recover":true,"offset":7,"epoch":"e"}})",
    R"({"id":3,"publish":{"channel":"r\u00e9","data":{"a":[1,2,{"b":"\n"}],"c":null}}})",
    R"({"id":4,"history":{"channel":"r","limit":-1,"since":{"offset":1,"epoch":"e"}}})",
    R"({"id":5,"rpc":{"method":"m","data":[[[]],{}]}})",
    R"({"send":{"data":"x"}})",
    R"({"id":6,"refresh":{"token":"t"},"x":[{},1.5e3]})",
    R"({"id":7,"sub_refresh":{"channel":"r","token":"t","type":0}})",
    R"({"id":8,"unsubscribe":{"channel":"r"}})",
    R"({"id":9,"presence":{"channel":"r"}})",
    R"({"id":10,"presence_stats":{"channel":"r"}})",
    "{}",
};

constexpr char kAlphabet[] = "{}[]\",:\\\n\t 0129-.eEtfnu\x80\xED\xFF\x01";

std::string mutated(SeededRandom& random) {
  std::string text;
  for (auto count = 1 + random.below(3); count > 0; --count) {
    if (!text.empty()) text += '\n';
    text += kSeeds[random.below(std::size(kSeeds))];
  }
  for (auto count = random.below(6); count > 0 && !text.empty(); --count) {
    const auto at = random.below(text.size());
    const char with = kAlphabet[random.below(sizeof kAlphabet - 1)];
    switch (random.below(4)) {
      case 0:
        text[at] = with;
        break;
      case 1:
        text.insert(at, 1, with);
        break;
      case 2:
        text.erase(at, 1 + random.below(4));
        break;
      default:
        text.insert(at, text.substr(random.below(text.size()), random.below(20)));
        break;
    }
  }
  return text;
}

TEST_CASE("fuzz: mangled messages are answered with JSON or closed with 3501, and nothing else") {
  SeededRandom random(42);
  int closed = 0;
  for (int round = 0; round < 15'000; ++round) {
    const auto text = mutated(random);
    CAPTURE(text);
    ConnectedClient client;
    client.session.presences.at_once = std::vector<ClientInfoRef>();
    client.session.stats.at_once = PresenceStats();
    client.session.histories.at_once = HistoryResult();
    client.session.ping_outstanding = true;
    client.session.input = random.below(2) == 0;
    client.send(text);
    client.session.input = true;
    client.protocol->resume();
    if (client.closed() != 0) {
      REQUIRE(client.closed() == 3501);
      ++closed;
    }
    for (const auto& written : client.session.written) {
      REQUIRE(checked_json(written).ok());
      REQUIRE(written.find('\n') == std::string::npos);
    }
    for (const auto& rpc : client.session.rpcs.asked) {
      if (!rpc.data.empty()) REQUIRE(checked_json(rpc.data.view()).ok());
    }
  }
  // Neither all nor none, or the mutations would try nothing.
  CHECK(closed > 3'000);
  CHECK(closed < 14'000);
}

TEST_CASE("fuzz: bytes without sense close with 3501") {
  SeededRandom random(43);
  for (int round = 0; round < 5'000; ++round) {
    std::string text(1 + random.below(100), '\0');
    for (char& c : text)
      c = kAlphabet[random.below(sizeof kAlphabet - 1)];
    CAPTURE(text);
    ConnectedClient client;
    client.send(text);
    REQUIRE(client.closed() == 3501);
    REQUIRE(client.session.written.empty());
  }
}

}  // namespace
}  // namespace madang::centrifuge
