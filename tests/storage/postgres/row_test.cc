// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/row.h"

#include <doctest/doctest.h>

#include "madang/base/random.h"
#include "storage/postgres/fixture.h"
#include "storage/postgres/page.h"

using namespace madang;
using namespace madang::testing;
using conformance::messages;

namespace {

StoredMessage full() {
  StoredMessage message = conformance::full_message("room", 1);
  message.data = Payload::of_json("{}");
  return message;
}

postgres::Page page(std::uint64_t first, const MessageBatch& messages, bool full_page = false) {
  postgres::Page page;
  page.page.first = first;
  page.page.messages = messages;
  page.full = full_page;
  return page;
}

PageRequest request(std::uint64_t cursor, Direction direction, std::uint64_t stored_top) {
  PageRequest request = conformance::page_of("room", cursor, direction);
  request.stored_top = stored_top;
  return request;
}

}  // namespace

TEST_CASE("row: what is beside the payload comes back, and that a payload is JSON") {
  const StoredMessage message = full();
  StoredMessage back = message;
  back.data = Payload(message.data.view());
  back.info = nullptr;
  back.tags.clear();
  REQUIRE(postgres::decode_extra(postgres::encode_extra(message), back).ok());
  CHECK(same_message(message, back));
  CHECK(back.data.is_json());
  CHECK(postgres::encode_extra(conformance::message("room", 1)).empty());
}

TEST_CASE("row: bytes that were cut or changed are DataLoss or another message, never a crash") {
  const std::string whole = postgres::encode_extra(full());
  StoredMessage message;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Cut between two fields nothing is missing but what comes after.
    message = {};
    const absl::Status status = postgres::decode_extra(whole.substr(0, size), message);
    CHECK((status.ok() || absl::IsDataLoss(status)));
    if (size < 60) CHECK(absl::IsDataLoss(status));
  }
  SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = whole;
    for (std::uint64_t flips = random.below(3) + 1; flips > 0; --flips)
      changed[random.below(changed.size())] = static_cast<char>(random.next());
    message = {};
    const absl::Status status = postgres::decode_extra(changed, message);
    CHECK((status.ok() || absl::IsDataLoss(status)));
  }
}

TEST_CASE("read: a row that somebody changed by hand is DataLoss, for read and for load") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 3)).ok());
  shared_server()->run("UPDATE " + table(options, "messages") +
                       " SET extra = '\\x0900'"
                       " WHERE pos = 2");
  CHECK(absl::IsDataLoss(read(*store, conformance::page_of("room", 0, Direction::kUp)).status()));
  CHECK(absl::IsDataLoss(load(*store, "room").status()));
  CHECK(read(*store, conformance::page_of("room", 2, Direction::kUp)).ok());
}

TEST_CASE("page: a replica's has all that is known, or is not taken") {
  using postgres::has_all_known;
  const auto up = [](std::uint64_t cursor) { return request(cursor, Direction::kUp, 10); };
  CHECK(has_all_known(page(1, messages("room", 1, 10)), up(0)));
  CHECK(has_all_known(page(1, messages("room", 1, 12)), up(0)));
  CHECK(has_all_known(page(4, messages("room", 4, 10)), up(0)));
  CHECK(has_all_known(page(1, messages("room", 1, 5), true), up(0)));
  CHECK(has_all_known(page(1, {}), up(10)));
  CHECK_FALSE(has_all_known(page(1, messages("room", 1, 9)), up(0)));
  CHECK_FALSE(has_all_known(page(1, messages("room", 2, 10)), up(0)));
  CHECK_FALSE(has_all_known(page(1, {}), up(9)));
  MessageBatch hole = messages("room", 1, 10);
  hole.erase(hole.begin() + 4);
  CHECK_FALSE(has_all_known(page(1, hole), up(0)));
  CHECK_FALSE(has_all_known(page(1, hole, true), up(0)));

  const auto down = [](std::uint64_t cursor) { return request(cursor, Direction::kDown, 10); };
  MessageBatch all = messages("room", 1, 10);
  std::reverse(all.begin(), all.end());
  const MessageBatch newest(all.begin(), all.begin() + 3);
  CHECK(has_all_known(page(1, all), down(11)));
  CHECK(has_all_known(page(1, all), down(99)));
  CHECK(has_all_known(page(8, newest), down(11)));
  CHECK(has_all_known(page(1, newest, true), down(11)));
  CHECK(has_all_known(page(1, {}), down(1)));
  CHECK(has_all_known(page(5, {}), down(5)));
  CHECK_FALSE(has_all_known(page(1, newest), down(11)));
  CHECK_FALSE(has_all_known(page(1, {}), down(11)));
  all.erase(all.begin());
  CHECK_FALSE(has_all_known(page(1, all), down(11)));
  all.erase(all.begin() + 2);
  CHECK_FALSE(has_all_known(page(1, all), down(10)));
}
