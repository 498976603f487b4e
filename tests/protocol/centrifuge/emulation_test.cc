// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/emulation.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace madang::centrifuge {
namespace {

using namespace std::string_literals;

const std::string kProtobuf = "\x0a\x04node\x12\x03sid\x1a\x05hello"s;

TEST_CASE("emulation: a request is read in both formats, and what it does not know is ignored") {
  for (const auto& request :
       {read_json_emulation(R"({"session":"sid","node":"node","data":"hello"})"),
        read_json_emulation(R"({"x":[1,{}],"data":"hello","node":"node","session":"sid"} )"),
        read_protobuf_emulation(kProtobuf),
        read_protobuf_emulation("\x20\x96\x01\x2a\x02no"s + kProtobuf + "\x31" + "12345678" +
                                "\x3d" + "1234"),
        read_protobuf_emulation("\x12\x05other"s + kProtobuf)}) {
    REQUIRE(request.has_value());
    CHECK(request->session == "sid");
    CHECK(request->node == "node");
    CHECK(request->data == "hello");
  }
  const auto lines = read_json_emulation(R"({"data":"{\"id\":1}\n{\"id\":2}\n","session":"s"})");
  REQUIRE(lines.has_value());
  CHECK(lines->data == "{\"id\":1}\n{\"id\":2}\n");
  CHECK(lines->node.empty());
}

TEST_CASE("emulation: what is no such object in JSON is refused") {
  for (const std::string bad : {"",
                                " ",
                                "{}",
                                "[]",
                                "null",
                                "1",
                                "\"data\"",
                                "{",
                                "{\"data\"}",
                                R"({"data":""})",
                                R"({"data":1})",
                                R"({"data":{}})",
                                R"({"data":null})",
                                R"({"session":"s","node":"n"})",
                                R"({"data":"a","data":"b"})",
                                R"({"data":"a"}{})",
                                R"({"data":"a"} x)",
                                R"({"data":"a)",
                                R"({"data":"a","session":1})",
                                "{\"data\":\"\xff\"}",
                                R"({"data":"\ud800"})"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_json_emulation(bad).has_value());
  }
  std::string deep = R"({"data":"a","x":)" + std::string(10'000, '[');
  CHECK_FALSE(read_json_emulation(deep).has_value());
  CHECK_FALSE(read_json_emulation(deep + std::string(10'000, ']') + "}").has_value());
}

TEST_CASE("emulation: Protobuf that is cut off anywhere, or has another type, is refused") {
  for (std::size_t size = 0; size < kProtobuf.size(); ++size) {
    const bool whole_but_for_data = read_protobuf_emulation(kProtobuf.substr(0, size)).has_value();
    CHECK_FALSE(whole_but_for_data);
  }
  const std::string bad[] = {
      "\x18\x01"s,                                                 // data as a number
      "\x02\x01x"s + kProtobuf,                                    // field 0
      "\x1b"s + kProtobuf,                                         // a group
      "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"s,            // longer than there is
      kProtobuf + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // a number without end
      kProtobuf + "\x80",
      "\x1a\x00"s,  // no data
  };
  for (const std::string& bytes : bad)
    CHECK_FALSE(read_protobuf_emulation(bytes).has_value());
}

TEST_CASE("emulation: any bytes are read or refused") {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = kProtobuf;
    for (int flips = 1 + i % 4; flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto request = read_protobuf_emulation(bytes);
    if (request) CHECK(request->data.size() <= bytes.size());
    read_json_emulation(bytes);
  }
}

}  // namespace
}  // namespace madang::centrifuge
