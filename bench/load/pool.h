// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec.h"
#include "connection.h"
#include "frames.h"
#include "marker.h"

namespace load {

// How a connection ended that nobody here closed.
struct Closing {
  std::uint32_t code = 0;  // of the close frame; 0: there was none
  std::string reason;
};

// Is told what happens on the connections of a pool, within Pool::poll(). It may send on,
// pause, close and connect any connection then.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_ready(Connection&, std::int64_t /*now_ns*/) {}
  // Messages of ours, in the order they came; `now_ns`: when they were read from the kernel.
  virtual void on_messages(Connection&, const Mark* marks, std::size_t count,
                           std::int64_t now_ns) = 0;
  // Replies, errors and what the server says of its own accord. An error ends the run by default.
  virtual void on_word(Connection&, const Word& word, std::int64_t now_ns);
  // The whole text of a reply, where its words are not enough. Called before on_word().
  virtual void on_reply_text(Connection&, std::string_view /*text*/) {}
  // The server closed. Ends the run by default.
  virtual void on_closed(Connection&, const Closing& closing);
};

struct PoolOptions {
  sockaddr_in server{};
  Codec* codec = nullptr;                  // outlives the pool
  Listener* listener = nullptr;            // outlives the pool
  std::size_t source_addresses = 0;        // to connect from; 0: as many as it takes
  std::uint32_t first_source_address = 0;  // the last three bytes of 127.x.y.z; 0: chosen
  int slow_receive_bytes = 4096;           // SO_RCVBUF of slow readers
};

// All connections of a run, on one epoll. One thread.
//
// Reading is made for many small messages: one recv() an event into one large buffer, frames walked
// where they lie, the mark of a message read where the last one stood. Only the piece of a frame
// that is cut off at the end of a read is copied.
class Pool {
 public:
  explicit Pool(const PoolOptions& options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Makes room for one more connection, closed as yet. References stay valid.
  Connection& add(std::uint32_t room, std::uint32_t member);
  std::size_t size() const { return connections_.size(); }
  Connection& operator[](std::size_t index) { return connections_[index]; }

  // Starts to connect; on_ready() says when it is done.
  void connect(Connection& connection);
  // Connects all that are closed, at most `at_once` under way at a time. Failure if for 30 s none
  // more is ready. Calls `progress` now and then.
  void connect_all(std::size_t at_once, void (*progress)(void*, std::size_t ready), void* context);
  void close(Connection& connection);
  void close_all();

  // Sends frames made already. What the socket does not take now goes later.
  void send(Connection& connection, std::string_view frames);
  void send_text(Connection& connection, std::string_view text);
  // Neither reads nor notices anything from here on; and again.
  void pause(Connection& connection);
  void resume(Connection& connection);

  // Waits at most `timeout_ns` (0: not at all) for something to happen, and handles one round of
  // what did.
  void poll(std::int64_t timeout_ns);

  std::size_t opening() const { return opening_; }
  std::size_t ready() const { return ready_; }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // Messages that were compared byte for byte, one a read, and how many of these differed.
  std::uint64_t compared() const { return compared_; }
  std::uint64_t damaged() const { return damaged_; }

 private:
  void bind_source(Connection& connection);
  void start_handshake(Connection& connection);
  void flush(Connection& connection);
  void watch(Connection& connection, bool wants_write);
  void set_stage(Connection& connection, Stage stage);
  void read(Connection& connection);
  void handle_bytes(Connection& connection, const char* bytes, std::size_t size, std::int64_t now);
  // These answer how many bytes they have dealt with.
  std::size_t handle_handshake(Connection& connection, std::string_view bytes, std::int64_t now);
  std::size_t handle_frames(Connection& connection, const char* bytes, std::size_t size,
                            std::int64_t now);
  void handle_control(Connection& connection, Opcode opcode, std::string_view payload);
  void handle_text(Connection& connection, std::string_view text, std::int64_t now);
  void handle_word(Connection& connection, std::string_view text, std::int64_t now);
  std::size_t collect_marks(std::string_view text, bool is_whole_frame);
  void hand_over(Connection& connection, std::int64_t now);
  void compare(const char* payload, std::size_t size, std::size_t marker);
  void lose(Connection& connection, const Closing& closing);
  [[noreturn]] void fail(const Connection& connection, std::string_view what) const;

  const PoolOptions options_;
  Codec& codec_;
  Listener& listener_;
  const int epoll_;
  std::deque<Connection> connections_;
  std::size_t opening_ = 0;
  std::size_t ready_ = 0;
  std::uint64_t connects_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t compared_ = 0;
  std::uint64_t damaged_ = 0;

  std::unique_ptr<char[]> buffer_;
  std::vector<Mark> marks_;  // of the read under way
  // Where the mark stood in the last frame that held one message and nothing else, and how long
  // that frame was.
  std::size_t marker_ = 0;
  std::size_t single_bytes_ = 0;
};

}  // namespace load
