// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class Protocol { kNats, kRedis };

struct FanOutOptions {
  Protocol protocol = Protocol::kNats;
  std::uint16_t port = 0;
  std::size_t members = 1000;
  std::size_t in_flight = 1;
  std::size_t message_bytes = 128;
};

// Subscribers of one subject and its publisher, over TCP to this machine, in one thread. A message
// is complete when every subscriber has it; as many as complete are published anew.
//
// Whatever fails throws std::runtime_error: the connection, an answer that is not understood, a
// message that is not the next one.
class FanOut {
 public:
  // Connects and subscribes all.
  explicit FanOut(const FanOutOptions& options);
  ~FanOut();
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  // Goes on until `deadline_ns` of the monotonic clock. At first it fills the window.
  void run_until(std::int64_t deadline_ns);
  // Publishes nothing more, and waits until every subscriber has everything, ten seconds at most.
  void drain();

  std::uint64_t deliveries() const { return deliveries_; }

 private:
  struct Member {
    int socket = -1;
    std::uint64_t next = 0;      // The number of the message that comes next.
    std::size_t frame_read = 0;  // Bytes of it that were read.
  };

  int connect_one(std::string_view greeting, std::string_view last_answer);
  void fill_window();
  void turn(int timeout_ms);
  void read_member(Member& member);
  std::size_t read_control(Member& member, std::string_view bytes);
  void read_replies();
  void count_one(Member& member);
  bool complete() const { return completed_ == published_; }

  const FanOutOptions options_;
  const std::string head_;  // Of a message as subscribers get it.
  const std::string publish_command_;
  const std::size_t frame_bytes_;
  int epoll_ = -1;
  int publisher_ = -1;
  std::vector<Member> members_;
  std::vector<std::size_t> received_;  // How many have it, by number modulo the window.
  std::vector<char> buffer_;
  std::string outgoing_;
  std::uint64_t published_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t deliveries_ = 0;
};

}  // namespace bench
