// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "each_kind.h"
#include "tcp_client.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

// The server's end of a connection, as the test wants it to behave. Runs on the lane.
class TestHandler : public ByteStreamHandler {
 public:
  explicit TestHandler(ByteStream& byte_stream) : stream(byte_stream) {}
  ~TestHandler() override { ended.set_value(); }

  void received(std::span<char> bytes) override {
    if (on_received) on_received(*this, bytes);
    std::memset(bytes.data(), 0, bytes.size());  // allowed, and harms nobody
  }
  void written(std::size_t bytes, bool done) override {
    written_bytes += bytes;
    if (on_written) on_written(*this, done);
  }
  void closed() override {
    ++closings;
    closed_promise.set_value();
  }

  ByteStream& stream;
  std::function<void(TestHandler&, std::span<char>)> on_received;
  std::function<void(TestHandler&, bool)> on_written;
  std::size_t written_bytes = 0;
  bool waits = false;  // for the test to use
  std::atomic<int> closings = 0;
  std::promise<void> closed_promise;
  std::promise<void> ended;
};

void echo(TestHandler& self, std::span<char> bytes) {
  const Payload payload(std::string_view(bytes.data(), bytes.size()));
  if (self.stream.write({&payload, 1}) == WriteResult::kPending) self.stream.pause_reading();
}
void read_when_written(TestHandler& self, bool done) {
  if (done) self.stream.resume_reading();
}

// A lane that listens, and hands each connection to `prepare`.
struct TcpFixture {
  explicit TcpFixture(std::function<void(TestHandler&)> prepare_) : prepare(std::move(prepare_)) {
    auto listening = lanes.listen(
        0, {.pause_after_failure = 20ms},
        [this](ByteStream& stream) {
          auto handler = std::make_shared<TestHandler>(stream);
          if (prepare) prepare(*handler);
          if (made) made(handler);
          return handler;
        },
        [this](int) { ++accept_failures; });
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    listener->start();
    lanes.start();
  }
  ~TcpFixture() {
    lanes.stop();
    lanes.join();
  }

  void on_lane(std::function<void()> task) {
    std::promise<void> done;
    lanes.scheduler(0).post([&] {
      task();
      done.set_value();
    });
    REQUIRE(done.get_future().wait_for(10s) == std::future_status::ready);
  }

  std::function<void(TestHandler&)> prepare;
  std::function<void(const std::shared_ptr<TestHandler>&)> made;
  std::atomic<int> accept_failures = 0;
  const std::unique_ptr<Lanes> owner = lanes_of_each_kind({.lanes = 1});
  Lanes& lanes = *owner;
  std::unique_ptr<TcpListener> listener;
};

bool ready(std::future<void>& future) { return future.wait_for(10s) == std::future_status::ready; }

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>(i * 31 + i / 251);
  }
  return text;
}

}  // namespace

TEST_CASE("tcp: a megabyte comes back as it went, through partial writes and pauses") {
  TcpFixture test([](TestHandler& handler) {
    handler.on_received = echo;
    handler.on_written = read_when_written;
  });
  TcpClient client(test.listener->port(), 8 * 1024);
  const std::string sent = pattern(1'000'000);
  std::thread sender([&] { CHECK(client.send(sent)); });
  const std::string received = client.receive_all(sent.size());
  sender.join();
  CHECK((received == sent));
}

TEST_CASE("tcp: many payloads of one write arrive in order, and each pending byte is reported") {
  std::size_t pending = 0;
  TestHandler* handler = nullptr;
  std::promise<void> all_written;
  TcpFixture test([&](TestHandler& made) {
    handler = &made;
    made.on_written = [&](TestHandler&, bool done) {
      if (done) all_written.set_value();
    };
    made.on_received = [&](TestHandler& self, std::span<char>) {
      std::vector<Payload> payloads;
      for (int i = 0; i < 200; ++i) {
        payloads.emplace_back(std::string(20'000, static_cast<char>('a' + i % 26)));
      }
      CHECK(self.stream.write(payloads) == WriteResult::kPending);
      pending = self.stream.pending_bytes();
    };
  });
  TcpClient client(test.listener->port(), 8 * 1024);
  client.send("go");
  const std::string received = client.receive_all(200 * 20'000);
  REQUIRE(received.size() == 200 * 20'000);
  for (std::size_t i = 0; i < 200; ++i) {
    REQUIRE(received[i * 20'000] == static_cast<char>('a' + i % 26));
    REQUIRE(received[i * 20'000 + 19'999] == static_cast<char>('a' + i % 26));
  }
  auto written = all_written.get_future();
  REQUIRE(ready(written));
  test.on_lane([&] {
    CHECK(pending > 0);
    CHECK(handler->written_bytes == pending);
    CHECK(handler->stream.pending_bytes() == 0);
  });
}

TEST_CASE("tcp: while reading is paused nothing is handed over, and afterwards nothing is lost") {
  std::string received;
  TestHandler* handler = nullptr;
  std::promise<void> first;
  std::promise<void> all;
  TcpFixture test([&](TestHandler& made) {
    handler = &made;
    made.on_received = [&](TestHandler& self, std::span<char> bytes) {
      if (received.empty()) {
        self.stream.pause_reading();
        first.set_value();
      }
      received.append(bytes.data(), bytes.size());
      if (received.size() == 100'003) all.set_value();
    };
  });
  TcpClient client(test.listener->port());
  client.send("abc");
  auto got_first = first.get_future();
  REQUIRE(ready(got_first));
  client.send(std::string(100'000, 'x'));
  // The lane turns a few times with the bytes at its door.
  for (int i = 0; i < 10; ++i) {
    test.on_lane([&] { CHECK(received == "abc"); });
  }
  test.on_lane([&] { handler->stream.resume_reading(); });
  auto got_all = all.get_future();
  REQUIRE(ready(got_all));
  test.on_lane([&] { CHECK(received == "abc" + std::string(100'000, 'x')); });
}

TEST_CASE("tcp: an end and a reset of the peer are told once") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    std::promise<TestHandler*> made;
    std::future<void> closed;
    std::future<void> ended;
    TcpFixture test([&](TestHandler& handler) {
      closed = handler.closed_promise.get_future();  // a second closed() would throw
      ended = handler.ended.get_future();
      made.set_value(&handler);
    });
    TcpClient client(test.listener->port());
    made.get_future().wait();
    if (reset) {
      client.reset();
    } else {
      client.close();
    }
    CHECK(ready(closed));
    CHECK(ready(ended));
  }
}

TEST_CASE("tcp: a write into a connection that was reset is found out, and closed() follows once") {
  std::promise<TestHandler*> made;
  std::future<void> closed;
  std::future<void> ended;
  TcpFixture test([&](TestHandler& handler) {
    closed = handler.closed_promise.get_future();  // a second closed() would throw
    ended = handler.ended.get_future();
    handler.stream.pause_reading();
    made.set_value(&handler);
  });
  TcpClient client(test.listener->port());
  TestHandler* const handler = made.get_future().get();
  client.reset();
  const Payload payload("x");
  while (ended.wait_for(0s) != std::future_status::ready) {
    test.on_lane([&] {
      if (ended.wait_for(0s) == std::future_status::ready) return;
      handler->stream.write({&payload, 1});
      CHECK(handler->closings == 0);  // not from within the call
    });
  }
  CHECK(ready(closed));
}

TEST_CASE("tcp: a large write into a connection that was reset fails, and closed() follows later") {
  std::promise<TestHandler*> made;
  std::future<void> closed;
  TcpFixture test([&](TestHandler& handler) {
    closed = handler.closed_promise.get_future();
    handler.stream.pause_reading();
    made.set_value(&handler);
  });
  TcpClient client(test.listener->port());
  TestHandler* const handler = made.get_future().get();
  client.reset();
  const Payload payload(std::string(100'000, 'x'));
  bool failed = false;
  while (!failed) {
    test.on_lane([&] {
      failed = handler->stream.write({&payload, 1}) == WriteResult::kFailed;
      if (!failed) return;
      CHECK(handler->closings == 0);
      CHECK(handler->stream.write({&payload, 1}) == WriteResult::kFailed);
    });
  }
  CHECK(ready(closed));
}

TEST_CASE("tcp: writes of one turn arrive in order, small and large ones, whatever their number") {
  std::string wanted;
  TcpFixture test([&](TestHandler& handler) {
    handler.on_received = [&](TestHandler& self, std::span<char>) {
      // 600 bytes, then 40,000 at once, then more payloads than go into one call, and so on.
      for (const std::size_t size : {1, 599, 40'000, 3, 20'000, 7}) {
        const Payload payload(std::string(size, static_cast<char>('a' + size % 26)));
        for (int i = 0; i < 70; ++i) {
          if (size > 1'000 && i > 0) break;
          CHECK(self.stream.write({&payload, 1}) == WriteResult::kDone);
          wanted += payload.view();
        }
      }
      self.stream.close_after_flush(10s);
    };
  });
  TcpClient client(test.listener->port());
  client.send("go");
  CHECK((client.receive_all() == wanted));
}

TEST_CASE("tcp: what was answered with kDone and did not leave is not reported, later writes are") {
  struct Report {
    std::size_t written = 0;
    int dones = 0;
  } report;
  TestHandler* handler = nullptr;
  std::promise<void> made;
  TcpFixture test([&](TestHandler& connection) {
    handler = &connection;
    connection.on_written = [&](TestHandler& self, bool done) {
      report.written = self.written_bytes;
      report.dones += done ? 1 : 0;
    };
    made.set_value();
  });
  TcpClient client(test.listener->port(), 4 * 1024);
  made.get_future().wait();
  // One small write a turn, until the kernel is full and the next is answered with kPending.
  const Payload payload(std::string(10'000, 'x'));
  std::size_t total = 0;
  std::size_t pending = 0;
  while (pending == 0) {
    test.on_lane([&] {
      const bool is_pending = handler->stream.write({&payload, 1}) == WriteResult::kPending;
      pending = handler->stream.pending_bytes();
      CHECK((pending > 0) == is_pending);
      CHECK(pending <= payload.size());
      total += payload.size();
    });
  }
  CHECK((client.receive_all(total) == std::string(total, 'x')));
  bool done = false;
  while (!done) {
    test.on_lane([&] { done = report.dones == 1; });
  }
  test.on_lane([&] {
    CHECK(report.written == pending);
    CHECK(handler->stream.pending_bytes() == 0);
    CHECK(handler->stream.write({&payload, 1}) == WriteResult::kDone);
  });
  CHECK(client.receive_all(payload.size()).size() == payload.size());
}

TEST_CASE("tcp: what was written in the turn leaves before an abort of that turn") {
  TcpFixture test([](TestHandler& handler) {
    handler.on_received = [](TestHandler& self, std::span<char>) {
      const Payload payload("last words");
      CHECK(self.stream.write({&payload, 1}) == WriteResult::kDone);
      self.stream.abort();
    };
  });
  TcpClient client(test.listener->port());
  client.send("go");
  CHECK(client.receive_all() == "last words");
}

TEST_CASE("tcp: one turn writes to many, of whom some are gone, blocked, or end in that turn") {
  constexpr std::size_t kClients = 300;  // more than go into one call
  std::vector<std::weak_ptr<TestHandler>> handlers;
  TcpFixture test(nullptr);
  test.made = [&](const std::shared_ptr<TestHandler>& handler) {
    handler->on_received = [](TestHandler& self, std::span<char>) {
      const Payload payload("hello");
      self.stream.write({&payload, 1});
    };
    handlers.push_back(handler);
  };
  std::vector<TcpClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    // One after the other, so that handlers[i] is clients[i]'s.
    clients.emplace_back(test.listener->port(), i % 10 == 1 ? 4 * 1024 : 0).send("x");
    CHECK(clients.back().receive_all(5) == "hello");
  }
  for (std::size_t i = 0; i < kClients; i += 10)
    clients[i].reset();
  constexpr int kRounds = 5;
  const Payload frame(pattern(3'000));
  const Payload page(std::string(200'000, 'x'));
  std::vector<std::string> accepted(kClients);
  for (int round = 0; round < kRounds; ++round) {
    test.on_lane([&] {
      for (std::size_t i = 0; i < handlers.size(); ++i) {
        const auto handler = handlers[i].lock();
        if (handler == nullptr || handler->waits) continue;
        const Payload& payload = i % 10 == 1 ? page : frame;
        handler->waits = handler->stream.write({&payload, 1}) == WriteResult::kPending;
        accepted[i] += payload.view();
        if (i % 10 == 2 && round == 2) {
          handlers[i].reset();
          handler->stream.abort();
        }
      }
    });
  }
  for (std::size_t i = 0; i < kClients; ++i) {
    CAPTURE(i);
    if (i % 10 == 0) {
      CHECK(handlers[i].expired());
    } else if (i % 10 == 2) {
      CHECK((clients[i].receive_all() == accepted[i]));
    } else {
      CHECK((clients[i].receive_all(accepted[i].size()) == accepted[i]));
    }
  }
}

TEST_CASE("tcp: closing after the flush delivers all, though the peer goes on sending") {
  const std::string page = pattern(3'000'000);
  std::promise<void> end;
  std::future<void> ended = end.get_future();
  TcpFixture test([&](TestHandler& handler) {
    handler.ended.swap(end);
    handler.on_received = [&](TestHandler& self, std::span<char>) {
      const Payload payload(page);
      CHECK(self.stream.write({&payload, 1}) == WriteResult::kPending);
      self.stream.close_after_flush(10s);
    };
  });
  TcpClient client(test.listener->port(), 8 * 1024);
  client.send("request");
  client.send(std::string(200'000, 'x'));
  CHECK((client.receive_all() == page));
  CHECK_FALSE(client.was_reset());
  client.close();
  CHECK(ready(ended));
}

TEST_CASE("tcp: a peer that does not read is cut at the deadline of the flush") {
  std::promise<void> end;
  std::future<void> ended = end.get_future();
  TcpFixture test([&](TestHandler& handler) {
    handler.ended.swap(end);
    handler.on_received = [](TestHandler& self, std::span<char>) {
      const Payload payload(std::string(4'000'000, 'x'));
      self.stream.write({&payload, 1});
      self.stream.close_after_flush(50ms);
    };
  });
  TcpClient client(test.listener->port(), 8 * 1024);
  client.send("request");
  CHECK(ready(ended));
}

TEST_CASE("tcp: a handler may be replaced, and abort, from within its own call") {
  std::promise<void> first_ended;
  std::promise<void> second_ended;
  TcpFixture test([&](TestHandler& handler) {
    handler.ended.swap(first_ended);
    handler.on_received = [&](TestHandler& self, std::span<char>) {
      auto next = std::make_shared<TestHandler>(self.stream);
      next->ended.swap(second_ended);
      next->on_received = [](TestHandler& second, std::span<char>) { second.stream.abort(); };
      self.stream.set_handler(next);
    };
  });
  auto first = first_ended.get_future();
  auto second = second_ended.get_future();
  TcpClient client(test.listener->port());
  client.send("1");
  CHECK(ready(first));
  client.send("2");
  CHECK(client.at_end());
  CHECK(ready(second));
}

TEST_CASE("tcp: lanes that end cut their connections and destroy the handlers") {
  std::promise<void> made;
  std::future<void> ended;
  {
    TcpFixture test([&](TestHandler& handler) {
      ended = handler.ended.get_future();
      made.set_value();
    });
    TcpClient client(test.listener->port());
    made.get_future().wait();
  }
  CHECK(ready(ended));
}

TEST_CASE("listen: without file descriptors it pauses, does not spin, and then goes on") {
  std::promise<void> accepted;
  TcpFixture test([&](TestHandler&) { accepted.set_value(); });
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // The client's descriptor is the last there may be, while the lane is kept from accepting.
  std::promise<void> limited;
  test.lanes.scheduler(0).post([limit = limited.get_future().share()] { limit.wait(); });
  TcpClient client(test.listener->port());
  const int next = ::dup(0);
  ::close(next);
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  limited.set_value();
  const auto start = std::chrono::steady_clock::now();
  while (test.accept_failures < 3) {
    std::this_thread::yield();
  }
  CHECK(std::chrono::steady_clock::now() - start >= 40ms);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  auto got_through = accepted.get_future();
  CHECK(ready(got_through));
}

TEST_CASE("listen: a port that is taken is refused, and text that is no address") {
  const auto owner = lanes_of_each_kind({.lanes = 1});
  Lanes& lanes = *owner;
  const auto accept = [](ByteStream&) { return nullptr; };
  auto first = lanes.listen(0, {}, accept, nullptr);
  REQUIRE(first.ok());
  auto second = lanes.listen(0, {.port = (*first)->port()}, accept, nullptr);
  CHECK(second.status().code() == absl::StatusCode::kUnavailable);
  auto third = lanes.listen(0, {.address = "localhost"}, accept, nullptr);
  CHECK(third.status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace madang
