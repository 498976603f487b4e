// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <thread>

#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;
using namespace std::chrono_literals;
using conformance::messages;

namespace {

constexpr std::uint64_t kBatch = 50;

// Calls again and again on a thread of its own, and notes what came of it.
class Caller {
 public:
  // Does one call, and says how it went.
  explicit Caller(std::function<absl::Status()> call)
      : call_(std::move(call)), thread_([this] { run(); }) {}
  ~Caller() { stop(); }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  int good() const { return good_; }
  int unavailable() const { return unavailable_; }
  int other() const { return other_; }
  Duration longest() const { return longest_.load(); }

 private:
  void run() {
    while (!stopping_) {
      const auto begun = std::chrono::steady_clock::now();
      const absl::Status status = call_();
      const Duration took = std::chrono::steady_clock::now() - begun;
      longest_ = std::max(longest_.load(), took);
      ++(status.ok() ? good_ : absl::IsUnavailable(status) ? unavailable_ : other_);
    }
  }

  const std::function<absl::Status()> call_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> good_{0};
  std::atomic<int> unavailable_{0};
  std::atomic<int> other_{0};
  std::atomic<Duration> longest_{Duration(0)};
  std::thread thread_;
};

}  // namespace

TEST_CASE("standstill: half a minute of it is Unavailable in time, and nothing lost or doubled") {
  if (std::getenv("MADANG_LONG_TESTS") == nullptr) {
    MESSAGE("skipped: it takes a minute, and runs where MADANG_LONG_TESTS is set");
    return;
  }
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.request_timeout = 3s;
  options.connect_timeout = 3s;
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());

  std::atomic<std::uint64_t> top{0};
  Caller writer([&] {
    // The batch that got no clear answer comes again, unchanged.
    const auto result = append(*store, messages("room", top + 1, top + kBatch));
    if (!result.ok()) return result.status();
    if (!result->refused.empty()) return result->refused.front().status;
    top += kBatch;
    return absl::OkStatus();
  });
  Caller reader([&] {
    // What is acknowledged before the call is what it has to find, and no offset twice.
    const std::uint64_t acknowledged = top;
    const auto page = read(*store, conformance::page_of("room", 0, Direction::kUp));
    if (!page.ok()) return page.status();
    const std::size_t found = page->messages.size();
    const bool right = found >= acknowledged &&
                       conformance::same_messages(page->messages, messages("room", 1, found));
    return right ? absl::OkStatus() : absl::DataLossError("not what was acknowledged");
  });
  REQUIRE(eventually([&] { return writer.good() > 10 && reader.good() > 10; }));

  shared_server()->pause();
  const auto begun = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return writer.unavailable() > 0 && reader.unavailable() > 0; }));
  const std::uint64_t before = top;
  const int read_before = reader.good();
  const auto left = 30s - (std::chrono::steady_clock::now() - begun);
  CHECK_FALSE(eventually([&] { return top != before || reader.good() != read_before; },
                         std::chrono::ceil<std::chrono::milliseconds>(left)));
  CHECK(writer.unavailable() >= 4);
  CHECK(reader.unavailable() >= 4);
  shared_server()->resume();

  CHECK(eventually([&] { return top > before + 5 * kBatch && reader.good() > read_before + 5; }));
  writer.stop();
  reader.stop();
  CHECK(writer.other() == 0);
  CHECK(reader.other() == 0);
  CHECK(writer.longest() < 8s);
  CHECK(reader.longest() < 8s);
  // The last batch may have had no clear answer, so the top may be one batch ahead.
  REQUIRE(append_until_clear(*store, messages("room", top + 1, top + kBatch)).ok());
  CHECK(eventually([&] { return holds_exactly(*store, "room", top + kBatch); }));
  CHECK(shared_server()->run("SELECT count(*) FROM " + table(options, "messages")) ==
        std::to_string(top + kBatch));
  CHECK(close(*store).ok());
}
