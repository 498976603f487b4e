// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace madang::testing {

struct TinyRequest {
  std::string path = {};
  std::string head = {};  // with the request line
  std::string body = {};
  std::size_t connection = 0;  // the how many-eth
};

struct TinyAnswer {
  std::string bytes = {};  // sent as they are, HTTP or not
  // What comes then: the next request, nothing more, or the end.
  enum class Then : std::uint8_t { kGoOn, kHang, kClose } then = Then::kGoOn;
};

// A whole answer of HTTP, as it should be.
TinyAnswer http_answer(std::string_view body, int status = 200, std::string_view headers = "");

// A web server on loopback that answers whatever the test wants, with a thread a connection.
class TinyServer {
 public:
  using Respond = std::function<TinyAnswer(const TinyRequest&)>;

  // `respond` is called by several threads at once. It may wait for the test, which must let it go.
  explicit TinyServer(Respond respond);
  ~TinyServer();

  std::string url(std::string_view path = "/") const;
  std::vector<TinyRequest> requests() const;

 private:
  void accept();
  void serve(int socket, std::size_t connection);

  const Respond respond_;
  int listener_ = -1;
  std::uint16_t port_ = 0;

  mutable std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::vector<TinyRequest> requests_;
  bool stopping_ = false;

  std::thread acceptor_;
};

// Where threads wait until the test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // For at most ten seconds.
  void pass() {
    std::unique_lock lock(mutex_);
    ++came_;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return open_; });
  }
  // Whether so many came to it, within ten seconds.
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return came_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int came_ = 0;
};

}  // namespace madang::testing
