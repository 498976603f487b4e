// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/message_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "madang/transport/websocket/close_code.h"
#include "websocket/stream.h"

namespace madang::websocket {

TEST_CASE("reader: whole messages of every length form arrive as they were sent") {
  for (size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536}) {
    const std::string payload(size, 'x');
    CHECK(events_of(text(payload)) == "text:" + payload + "\n");
    CHECK(events_of(binary(payload)) == "binary:" + payload + "\n");
  }
}

TEST_CASE("reader: a frame that lies whole in the input is handed out in place") {
  std::string input = text("in place") + text("too");
  std::span<char> rest(input);
  MessageReader reader(Role::kServer, &kTestLimits);
  const Event first = reader.next(rest);
  CHECK(first.data == "in place");
  CHECK(first.data.data() == input.data() + 6);
  const Event second = reader.next(rest);
  CHECK(second.data == "too");
  CHECK(second.data.data() + 3 == input.data() + input.size());
  CHECK(rest.empty());
}

TEST_CASE("reader: the caller may stop after any event and go on later") {
  std::string input = start("a") + ping("p") + last("b") + text("c");
  std::span<char> rest(input);
  MessageReader reader(Role::kServer, &kTestLimits);
  CHECK(describe(reader.next(rest)) == "ping:p");
  CHECK(rest.size() == last("b").size() + text("c").size());
  // Moved, as by a caller that keeps what is left of its buffer.
  std::string kept(rest.begin(), rest.end());
  input.assign(input.size(), '?');
  MessageReader moved = std::move(reader);
  rest = kept;
  CHECK(describe(moved.next(rest)) == "text:ab");
  CHECK(rest.size() == text("c").size());
  CHECK(describe(moved.next(rest)) == "text:c");
  CHECK(describe(moved.next(rest)) == "more");
}

TEST_CASE("reader: control frames come between fragments and change nothing") {
  CHECK(events_of(start("fragment1") + ping("ping payload") + last("fragment2")) ==
        "ping:ping payload\ntext:fragment1fragment2\n");
  CHECK(events_of(start("1") + ping("a") + more("2") + ping("b") +
                  masked({.opcode = Opcode::kPong}, "c") + last("3")) ==
        "ping:a\nping:b\npong:c\ntext:123\n");
  CHECK(events_of(start("lost") + close("")) == "close:1005:\n");
}

TEST_CASE("reader: in_message says whether something has begun and not ended") {
  MessageReader reader(Role::kServer, &kTestLimits);
  CHECK_FALSE(reader.in_message());
  for (const std::string& stream : {text("whole"), ping("whole"), start("a") + last("b")}) {
    for (size_t i = 0; i + 1 < stream.size(); ++i) {
      feed(reader, stream.substr(i, 1));
      CHECK(reader.in_message());
    }
    feed(reader, stream.substr(stream.size() - 1));
    CHECK_FALSE(reader.in_message());
  }
  feed(reader, start("") + ping("p"));
  CHECK(reader.in_message());
  feed(reader, close(""));
  CHECK_FALSE(reader.in_message());
  CHECK(reader.ended());
}

TEST_CASE("reader: a server refuses unmasked frames and a client masked ones") {
  std::string unmasked;
  append_frame(Opcode::kText, "Hello", &unmasked);
  append_frame(Opcode::kClose, build_close(1000, "bye"), &unmasked);
  CHECK(events_of(unmasked) == "error:1002:unmasked frame\n");
  MessageReader client(Role::kClient, &kTestLimits);
  CHECK(feed(client, unmasked) == "text:Hello\nclose:1000:bye\n");
  MessageReader strict_client(Role::kClient, &kTestLimits);
  CHECK(feed(strict_client, text("Hello")) == "error:1002:masked frame\n");
}

TEST_CASE("reader: reserved bits and opcodes close with 1002") {
  for (unsigned bits : {0x10u, 0x20u, 0x30u, 0x40u, 0x50u, 0x60u, 0x70u}) {
    for (unsigned opcode : {0x1u, 0x2u, 0x8u, 0x9u, 0xAu}) {
      CHECK(error_of(bytes({0x80 | bits | opcode, 0x80, 1, 2, 3, 4})) == 1002);
    }
  }
  for (unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    CHECK(error_of(text("before") + bytes({0x80 | opcode, 0x80, 1, 2, 3, 4})) == 1002);
  }
}

TEST_CASE("reader: RSV1 means compressed, once agreed on, and only where a message starts") {
  const auto rsv1 = [](Opcode opcode, bool fin = true) {
    return masked({.opcode = opcode, .fin = fin, .compressed = true}, "\x80\xFF");
  };
  // Compressed bytes are not text, whatever the opcode says.
  CHECK(events_of(rsv1(Opcode::kText), {}, true) == "compressed text:\x80\xFF\n");
  CHECK(events_of(rsv1(Opcode::kBinary), {}, true) == "compressed binary:\x80\xFF\n");
  CHECK(events_of(rsv1(Opcode::kText, false) + ping("") + last("\xC0"), {}, true) ==
        "ping:\ncompressed text:\x80\xFF\xC0\n");
  CHECK(events_of(text("plain"), {}, true) == "text:plain\n");
  CHECK(error_of(text("\xFF"), {}, true) == 1007);
  CHECK(error_of(rsv1(Opcode::kText) + text("\xFF"), {}, true) == 1007);
  CHECK(error_of(binary("\xFF") + text("\xFF"), {}, true) == 1007);
  CHECK(error_of(rsv1(Opcode::kText), {}, false) == 1002);
  for (Opcode control : {Opcode::kPing, Opcode::kPong, Opcode::kClose}) {
    CHECK(error_of(rsv1(control), {}, true) == 1002);
  }
  CHECK(error_of(start("a") + rsv1(Opcode::kContinuation), {}, true) == 1002);
}

TEST_CASE("reader: a control frame that is fragmented or too long closes with 1002") {
  CHECK(events_of(ping(std::string(125, 'p'))) == "ping:" + std::string(125, 'p') + "\n");
  CHECK(error_of(bytes({0x89, 0x80 | 126, 0, 126})) == 1002);
  CHECK(error_of(masked({.opcode = Opcode::kPing, .fin = false}, "part")) == 1002);
  CHECK(error_of(masked({.opcode = Opcode::kPong, .fin = false}, "part")) == 1002);
}

TEST_CASE("reader: fragments out of order close with 1002") {
  CHECK(events_of(last("no start")) == "error:1002:continuation without a message\n");
  CHECK(error_of(more("no start")) == 1002);
  CHECK(events_of(text("whole") + last("after")) ==
        "text:whole\nerror:1002:continuation without a message\n");
  CHECK(events_of(start("a") + last("b") + last("c")) ==
        "text:ab\nerror:1002:continuation without a message\n");
  CHECK(events_of(start("a") + text("b")) == "error:1002:new message inside a message\n");
  CHECK(error_of(start("a") + binary("b")) == 1002);
  CHECK(error_of(start("a") + start("b")) == 1002);
}

TEST_CASE("reader: lengths not minimal or with the top bit set close with 1002") {
  CHECK(error_of(bytes({0x82, 0xFE, 0, 125, 1, 2, 3, 4})) == 1002);
  CHECK(error_of(bytes({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4})) == 1002);
  CHECK(error_of(bytes({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})) == 1002);
}

TEST_CASE("reader: a message over the limit closes with 1009 at its header") {
  const ReaderLimits limits = {.message_bytes_max = 1000};
  CHECK(events_of(text(std::string(1000, 'x')), limits).starts_with("text:"));
  const std::string too_big = text(std::string(1001, 'x'));
  CHECK(events_of(too_big.substr(0, 8), limits) == "error:1009:message too big\n");
  // The largest length that the protocol knows.
  CHECK(error_of(bytes({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}),
                 limits) == 1009);
  CHECK(error_of(masked({.opcode = Opcode::kText, .compressed = true}, std::string(1001, 'x')),
                 limits, true) == 1009);
}

TEST_CASE("reader: the limit counts all fragments of a message and no control frames") {
  const ReaderLimits limits = {.message_bytes_max = 10};
  CHECK(events_of(start("12345") + ping("12345678901") + last("67890") + text("1234567890"),
                  limits) == "ping:12345678901\ntext:1234567890\ntext:1234567890\n");
  CHECK(error_of(start("12345") + last("678901").substr(0, 6), limits) == 1009);
  // The largest sum that can come to pass does not wrap around.
  CHECK(error_of(start("12345") + bytes({0x80, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                         1, 2, 3, 4}),
                 {.message_bytes_max = ~uint64_t{0}}) == 0);
  CHECK(error_of(start("12345") + bytes({0x80, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                         1, 2, 3, 4}),
                 limits) == 1009);
}

TEST_CASE("reader: new limits count from the next frame on") {
  const ReaderLimits small = {.message_bytes_max = 4};
  MessageReader reader(Role::kServer, &small);
  CHECK(feed(reader, text("1234")) == "text:1234\n");
  reader.set_limits(&kTestLimits);
  CHECK(feed(reader, start("123456")).empty());
  reader.set_limits(&small);
  CHECK(feed(reader, last("")) == "error:1009:message too big\n");
}

TEST_CASE("reader: fragments and empty fragments of a message are bounded, with 1008") {
  const ReaderLimits limits = {.fragments_max = 5, .empty_fragments_max = 3};
  const auto repeat = [](int count, const std::string& frame) {
    std::string out;
    for (int i = 0; i < count; ++i)
      out += frame;
    return out;
  };
  CHECK(events_of(start("a") + repeat(3, more("b")) + last("c"), limits) == "text:abbbc\n");
  CHECK(events_of(start("a") + repeat(4, more("b")) + last("c"), limits) ==
        "error:1008:too many fragments\n");
  CHECK(events_of(start("") + more("") + last(""), limits) == "text:\n");
  CHECK(events_of(start("") + repeat(3, more("")), limits) ==
        "error:1008:too many empty fragments\n");
  // Counted for each message by itself; whole empty messages are no fragments.
  const std::string message = start("") + more("") + last("");
  CHECK(events_of(repeat(3, message), limits) == "text:\ntext:\ntext:\n");
  CHECK(events_of(repeat(100, text("")), limits) == repeat(100, "text:\n"));
}

TEST_CASE("reader: text must be UTF-8, binary need not") {
  CHECK(events_of(text("\xEB\xA7\x88\xEB\x8B\xB9")) == "text:\xEB\xA7\x88\xEB\x8B\xB9\n");
  CHECK(events_of(binary("\xFF\xFE")) == "binary:\xFF\xFE\n");
  CHECK(events_of(text("\xFF")) == "error:1007:invalid UTF-8\n");
  CHECK(error_of(text("cut short \xEB\xA7")) == 1007);
  // A character may be cut by a fragment, not by the end of the message.
  CHECK(events_of(start("\xEB") + ping("") + more("\xA7") + last("\x88")) ==
        "ping:\ntext:\xEB\xA7\x88\n");
  CHECK(error_of(start("\xEB\xA7") + last("")) == 1007);
}

TEST_CASE("reader: bad UTF-8 closes with 1007 as soon as it is seen") {
  const std::string bad = text(std::string("\xCE\xBA\xF4\x90\x80\x80", 6) + std::string(50, 'x'));
  MessageReader reader(Role::kServer, &kTestLimits);
  CHECK(feed_in_pieces(reader, bad.substr(0, 6 + 3), 1).empty());
  CHECK(feed(reader, bad.substr(9, 1)) == "error:1007:invalid UTF-8\n");
  CHECK(error_of(start("good") + more("\xED\xA0") + more("never read")) == 1007);
}

TEST_CASE("reader: close frames give their code and reason, or the error that they are") {
  const auto code = [](unsigned value) { return bytes({value >> 8, value & 0xFF}); };
  CHECK(events_of(close("")) == "close:1005:\n");
  CHECK(events_of(close("\x03")) == "error:1002:close frame with half a code\n");
  CHECK(events_of(close(code(1000))) == "close:1000:\n");
  CHECK(events_of(close(code(4000) + std::string(123, 'r'))) ==
        "close:4000:" + std::string(123, 'r') + "\n");
  for (unsigned value : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4999}) {
    CHECK(error_of(close(code(value))) == 0);
  }
  for (unsigned value : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    CHECK(error_of(close(code(value))) == 1002);
  }
  CHECK(error_of(close(code(1000) + "\xCE\xBA\xED\xA0\x80")) == 1007);
}

TEST_CASE("reader: nothing comes after a close or an error, and all input is consumed") {
  const std::string after = text("late") + ping("late") + close("") + bytes({0xFF, 0xFF});
  CHECK(events_of(text("a") + close("") + after) == "text:a\nclose:1005:\n");
  CHECK(events_of(text("a") + last("x") + after) ==
        "text:a\nerror:1002:continuation without a message\n");
  MessageReader reader(Role::kServer, &kTestLimits);
  feed(reader, close(""));
  CHECK(reader.ended());
  CHECK(feed_in_pieces(reader, after, 1).empty());
}

}  // namespace madang::websocket
