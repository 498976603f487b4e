// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <memory>
#include <thread>

#include "storage/set_aside_fixture.h"

namespace madang {
namespace {

using namespace std::string_literals;
using conformance::messages;
using conformance::same_messages;

TEST_CASE("set aside: every field and the reason come back, of any bytes") {
  const SetAsideFolder folder;
  const std::string odd = "\0\n\r\"\\\x7f \xff\xfe \x80 마당 \u2028"s;
  MessageBatch all;
  for (const auto& room : conformance::odd_room_names()) {
    auto message = conformance::message(room, 1, odd);
    message.epoch = odd;
    message.time = WallTime(std::chrono::milliseconds(-1));
    message.tags = {{"a\0b"s, odd}, {"", ""}};
    message.idempotency_key = odd;
    message.info = std::make_shared<const ClientInfo>(
        ClientInfo{.user = odd,
                   .client = ClientId::from_bits(0x0123456789abcdef, 0xfedcba9876543210),
                   .connection_info = Payload::of_json("{\"a\":1}"),
                   .room_info = odd});
    all.push_back(message);
  }
  // What no store could ever take is set aside all the same.
  for (const std::uint64_t offset : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()})
    all.push_back(conformance::message("", offset, "[9007199254740993,1.50]"));
  all.back().data = Payload::of_json(all.back().data.view());
  {
    SetAsideFile file({.path = folder.path()});
    for (const auto& message : all)
      file.add(message, absl::AlreadyExistsError("another one\n is there \xff"));
  }
  const auto read = read_whole_set_aside(folder.path());
  CHECK(read.damaged == 0);
  CHECK(same_messages(read.messages, all));
  CHECK(read.messages.back().data.is_json());
  for (const auto& why : read.why)
    CHECK(why == absl::AlreadyExistsError("another one\n is there \xff"));
  const auto lines = folder.bytes();
  CHECK(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) == all.size());
}

TEST_CASE("set aside: a payload of a megabyte, of every byte") {
  const SetAsideFolder folder;
  std::string text(std::size_t{1} << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>(i * 7);
  const MessageBatch all = {conformance::message("room", 1, text),
                            conformance::message("room", 2, std::string(1 << 20, '\x01'))};
  SetAsideFile file({.path = folder.path()});
  for (const auto& message : all)
    file.add(message, too_long());
  file.flush();
  CHECK(file.written() == 2);
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, all));
}

TEST_CASE("set aside: another object goes on where one has ended") {
  const SetAsideFolder folder;
  for (std::uint64_t i = 0; i < 3; ++i) {
    SetAsideFile file({.path = folder.path()});
    add_messages(file, 10 * i + 1, 10 * i + 10);
  }
  for (const std::size_t page : {1, 3, 30, 1000}) {
    CHECK(
        same_messages(read_whole_set_aside(folder.path(), page).messages, messages("room", 1, 30)));
  }
}

TEST_CASE("set aside: many threads add, each message comes once, and the counts balance") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path(), .waiting_messages_max = 50});
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i)
    threads.emplace_back([&file, i] { add_messages(file, 1000 * i + 1, 1000 * i + 500); });
  for (auto& thread : threads)
    thread.join();
  file.flush();
  CHECK(file.written() + file.dropped() == 2000);
  CHECK(file.written() >= 50);
  auto read = read_whole_set_aside(folder.path(), 1000).messages;
  CHECK(read.size() == file.written());
  const auto by_offset = [](const auto& a, const auto& b) { return a.offset < b.offset; };
  std::sort(read.begin(), read.end(), by_offset);
  const auto same = [](const auto& a, const auto& b) { return a.offset == b.offset; };
  CHECK(std::adjacent_find(read.begin(), read.end(), same) == read.end());
}

TEST_CASE("set aside: what is more than may wait is dropped at once, and says so") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path(), .waiting_bytes_max = 1000});
  file.add(conformance::message("room", 1, std::string(1000, 'x')), too_long());
  CHECK(file.dropped() == 1);
  CHECK(absl::IsResourceExhausted(file.last_failure()));
  add_messages(file, 2, 2);
  file.flush();
  CHECK(file.written() == 1);
}

TEST_CASE("set aside: a line that is longer than a reader takes is dropped") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path()});
  file.add(conformance::message("room", 1, std::string(kSetAsideLineBytesMax / 6 + 1, '\x01')),
           too_long());
  add_messages(file, 2, 2);
  file.flush();
  CHECK(file.dropped() == 1);
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 2, 2)));
}

TEST_CASE("set aside: what was cut stays aside, and the next line is a new one") {
  const SetAsideFolder folder;
  {
    SetAsideFile file({.path = folder.path()});
    add_messages(file, 1, 3);
  }
  const std::string whole = folder.bytes();
  const auto third = whole.find("{\"madang", whole.find("{\"madang", 1) + 1);
  REQUIRE(third < whole.size());
  for (std::size_t size = third; size < whole.size(); size += 5) {
    folder.set_bytes(whole.substr(0, size));
    CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 1, 2)));
    SetAsideFile file({.path = folder.path()});
    add_messages(file, 4, 4);
    file.flush();
    auto wanted = messages("room", 1, 2);
    wanted.push_back(messages("room", 4, 4).front());
    const auto read = read_whole_set_aside(folder.path());
    CHECK(same_messages(read.messages, wanted));
    CHECK(read.damaged == (size == third ? 0 : 1));
  }
  // Only the end of the line is lacking: the message is there.
  folder.set_bytes(whole.substr(0, whole.size() - 1));
  SetAsideFile file({.path = folder.path()});
  add_messages(file, 4, 4);
  file.flush();
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 1, 4)));
}

TEST_CASE("set aside: a line with any byte changed is left out, or is still a message") {
  const SetAsideFolder folder;
  {
    SetAsideFile file({.path = folder.path()});
    add_messages(file, 1, 2);
  }
  const std::string whole = folder.bytes();
  const std::size_t first_line = whole.find('\n');
  for (std::size_t i = 0; i < first_line; ++i) {
    for (const int flip : {1, 2, 128}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      folder.set_bytes(bytes);
      const auto page = read_set_aside(folder.path(), 0);
      if (absl::IsFailedPrecondition(page.status())) continue;  // now of a newer format
      REQUIRE(page.ok());
      REQUIRE(!page->messages.empty());
      CHECK(page->messages.size() + (page->damaged > 0 ? 1 : 0) == 2);
      CHECK(same_message(page->messages.back().message, messages("room", 2, 2).front()));
    }
  }
}

TEST_CASE("set aside: a reader says what it cannot read") {
  const SetAsideFolder folder;
  CHECK(absl::IsNotFound(read_set_aside(folder.path(), 0).status()));
  CHECK(absl::IsInvalidArgument(read_set_aside(folder.folder().string(), 0).status()));
  folder.set_bytes("");
  CHECK(absl::IsInvalidArgument(read_set_aside(folder.path(), 0, 0).status()));
  for (const std::uint64_t from : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    const auto page = read_set_aside(folder.path(), from);
    REQUIRE(page.ok());
    CHECK(page->next == from);
  }
  folder.set_bytes("hello\n[]\n{}\n\n" + std::string(100, '\0') + "\n");
  const auto strange = read_set_aside(folder.path(), 0);
  REQUIRE(strange.ok());
  CHECK(strange->messages.empty());
  CHECK(strange->damaged == 5);
  folder.set_bytes("{}\n{\"madang_set_aside\":2}\n");
  const auto before = read_set_aside(folder.path(), 0);
  REQUIRE(before.ok());
  CHECK(before->next == 3);
  CHECK(absl::IsFailedPrecondition(read_set_aside(folder.path(), before->next).status()));
}

TEST_CASE("set aside: a line without an end is passed over in little memory") {
  const SetAsideFolder folder;
  {
    std::ofstream file(folder.path(), std::ios::binary);
    const std::string megabyte(1 << 20, 'x');
    for (std::size_t i = 0; i <= kSetAsideLineBytesMax / megabyte.size(); ++i)
      file << megabyte;
  }
  const auto open_end = read_set_aside(folder.path(), 0);
  REQUIRE(open_end.ok());
  CHECK(open_end->next == 0);
  SetAsideFile file({.path = folder.path()});
  add_messages(file, 1, 3);
  file.flush();
  const auto read = read_whole_set_aside(folder.path());
  CHECK(read.damaged == 1);
  CHECK(same_messages(read.messages, messages("room", 1, 3)));
}

}  // namespace
}  // namespace madang
