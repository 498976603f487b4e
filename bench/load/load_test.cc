// SPDX-License-Identifier: Apache-2.0

// A witness that sees nothing is worse than none: what the generator must notice is done to it.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec.h"
#include "failure.h"
#include "frames.h"
#include "histogram.h"
#include "ledger.h"
#include "marker.h"
#include "pool.h"
#include "stencil.h"

namespace load {
namespace {

constexpr std::int64_t kWait_ns = 2'000'000'000;

Wording make_wording(std::size_t bytes = 64) { return {"room-", make_message(bytes, false)}; }

std::string server_frame(std::string_view payload, char first = '\x81') {
  std::string frame(1, first);
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    const bool is_long = payload.size() > 65'535;
    frame += static_cast<char>(is_long ? 127 : 126);
    for (int i = is_long ? 7 : 1; i >= 0; --i)
      frame += static_cast<char>(std::uint64_t{payload.size()} >> (8 * i));
  }
  return frame.append(payload);
}

std::string push(std::uint32_t room, std::uint32_t sequence, const Wording& wording) {
  return Stencil(R"({"push":{"channel":"{room}","pub":{"data":{message}}}})", wording)
      .fill({.room = room, .sequence = sequence});
}

constexpr std::string_view kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

std::string greeting() {
  return std::string(kAccepted) +
         server_frame("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{}}");
}

// A server of which the test writes every byte, a pool with one client of room 7, and a ledger.
class Scene : public Listener {
 public:
  explicit Scene(Wording words = make_wording())
      : wording(std::move(words)),
        codec_(make_centrifuge_codec("/", {.subscribes = true}, wording)),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    PoolOptions options;
    options.server.sin_family = AF_INET;
    options.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&options.server),
                   sizeof options.server) == 0);
    socklen_t size = sizeof options.server;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&options.server), &size);
    REQUIRE(::listen(listener_, 1) == 0);
    options.codec = codec_.get();
    options.listener = this;
    pool_ = std::make_unique<Pool>(options);
    client_ = &pool_->add(0, 0);
    pool_->connect(*client_);
    server_ = ::accept(listener_, nullptr, nullptr);
    REQUIRE(server_ >= 0);
  }
  ~Scene() override {
    ::close(server_);
    ::close(listener_);
  }

  // Writes `bytes`, and lets the pool read them all.
  void feed(std::string_view bytes) {
    const std::uint64_t until = pool_->bytes_read() + bytes.size();
    while (!bytes.empty()) {
      const ssize_t sent = ::send(server_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      pool_->poll(sent > 0 ? 0 : kWait_ns);
    }
    while (pool_->bytes_read() < until)
      pool_->poll(kWait_ns);
  }
  // What the client has sent once `text` is in it.
  std::string sent_until(std::string_view text) {
    std::string sent;
    char bytes[4096];
    while (sent.find(text) == sent.npos) {
      const ssize_t size = ::recv(server_, bytes, sizeof bytes, 0);
      REQUIRE(size > 0);
      sent.append(bytes, static_cast<std::size_t>(size));
    }
    return sent;
  }
  void publish(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      ledger.publish(0, 0);
  }
  void receive(std::uint32_t sequence) { feed(server_frame(push(0, sequence, wording))); }
  const Faults& close_account() {
    ledger.close_account(*client_);
    return ledger.faults();
  }

  void on_ready(Connection&, std::int64_t) override { is_ready = true; }
  void on_messages(Connection& member, const Mark* marks, std::size_t count,
                   std::int64_t now_ns) override {
    received.insert(received.end(), marks, marks + count);
    ledger.receive(member, marks, count, now_ns);
  }
  void on_closed(Connection&, const Closing& closing) override { closed = closing.code; }

  Pool& pool() { return *pool_; }
  Connection& client() { return *client_; }

  const Wording wording;
  Ledger ledger{{1}, 64};
  std::vector<Mark> received;
  bool is_ready = false;
  std::uint32_t closed = 0;

 private:
  const std::unique_ptr<Codec> codec_;
  const int listener_;
  int server_ = -1;
  std::unique_ptr<Pool> pool_;
  Connection* client_ = nullptr;
};

}  // namespace

TEST_CASE("histogram: every time is known to 1.6 %, and the largest exactly") {
  for (double time = 1; time < 5e11; time *= 1.37) {
    const auto exact = static_cast<std::int64_t>(time);
    Histogram one;
    one.record(exact);
    one.record(exact * 4);  // so that the quantile is not cut at the largest
    CHECK(std::abs(one.quantile_ns(0.5) - double(exact)) <= 0.016 * double(exact));
    CHECK(one.largest_ns() == static_cast<std::uint64_t>(exact) * 4);
  }
}

TEST_CASE("histogram: quantiles of a thousand known times, and of those since a copy") {
  Histogram all;
  for (int i = 1; i <= 1000; ++i)
    all.record(i * 1000);
  CHECK(all.quantile_ns(0.5) == doctest::Approx(500'000).epsilon(0.016));
  CHECK(all.quantile_ns(0.99) == doctest::Approx(990'000).epsilon(0.016));
  CHECK(all.quantile_ns(1) == 1'000'000);
  CHECK(all.mean_ns() == 500'500);
  const Histogram before = all;
  all.record(5'000'000);
  CHECK(all.since(before).count() == 1);
  CHECK(all.since(before).quantile_ns(0.5) == doctest::Approx(5'000'000).epsilon(0.016));
  all.record(-5);
  all.record(std::int64_t{1} << 60);
  CHECK(all.largest_ns() == Histogram::kLargest);
}

TEST_CASE("marker: what is written is read, whatever the digits") {
  char digits[8];
  for (std::uint64_t value = 1; value < 0x1'0000'0000; value = value * 3 + 1) {
    write_hex(static_cast<std::uint32_t>(value), digits);
    CHECK(read_hex(digits) == value);
  }
  MessageText message = make_message(128, false);
  CHECK(message.text.size() == 128);
  write_mark({0xdeadbeef, 0x12345678}, message.text.data() + message.marker);
  CHECK(find_marker(message.text, 0) == message.marker);
  CHECK(read_mark(message.text.data() + message.marker) == Mark{0xdeadbeef, 0x12345678});
}

TEST_CASE("marker: found within a JSON string, not where digits are missing or wrong") {
  const MessageText quoted = make_message(100, true);
  CHECK(quoted.text.substr(0, 10) == R"({\"m\":\"@)");
  CHECK(find_marker(quoted.text, 0) == quoted.marker);
  CHECK(find_marker("@@000000000000000", 0) == std::string_view::npos);
  CHECK(find_marker("@@000000000000000G", 0) == std::string_view::npos);
  CHECK(find_marker("@@@0123456789abcdef", 0) == 1);
  CHECK_THROWS_AS(make_message(39, false), std::invalid_argument);
}

TEST_CASE("frames: a server's header is read at every length, and never from too few bytes") {
  for (const std::size_t size : {0, 1, 125, 126, 127, 65'535, 65'536, 1'000'000}) {
    const std::string frame = server_frame(std::string(size, 'x'));
    FrameHeader header;
    REQUIRE(read_frame_header(frame.data(), frame.size(), &header) == FrameRead::kWhole);
    CHECK(header.payload_bytes == size);
    CHECK(header.header_bytes + size == frame.size());
    for (std::size_t cut = 0; cut < header.header_bytes; ++cut) {
      FrameHeader ignored;
      CHECK(read_frame_header(frame.data(), cut, &ignored) == FrameRead::kIncomplete);
    }
  }
}

TEST_CASE("frames: what no server may send is refused") {
  FrameHeader header;
  const auto read = [&](std::string bytes) {
    return read_frame_header(bytes.data(), bytes.size(), &header);
  };
  CHECK(read("\x81\x85hello") == FrameRead::kWrong);  // masked
  CHECK(read("\xc1\x05hello") == FrameRead::kWrong);  // compressed
  CHECK(read("\x83\x05hello") == FrameRead::kWrong);  // reserved
  CHECK(read("\x01\x05hello") == FrameRead::kFragmented);
  CHECK(read("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff") == FrameRead::kWrong);  // too long
}

TEST_CASE("stencil: every placeholder is filled in, and the length never changes") {
  const Stencil stencil(R"({"id":{id},"c":"{room}","u":"{member}","d":{message},"r":"{room}"})",
                        make_wording());
  const std::string text = stencil.fill({.room = 0x2a, .member = 7, .id = 1'000'000'001});
  CHECK(text.size() == stencil.size());
  CHECK(text.starts_with(R"({"id":1000000001,"c":"room-0000002a","u":"00000007","d":{"m":"@@)"));
  CHECK(text.ends_with(R"("r":"room-0000002a"})"));
}

TEST_CASE("codec: many publishes are joined by lines in frames that a server takes") {
  const auto codec = make_centrifuge_codec("/", {.subscribes = true}, make_wording(1000));
  std::string frames;
  codec->append_publishes(3, 10, 200, &frames);
  std::size_t count = 0, at = 0, in_frames = 0;
  while (at < frames.size()) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(frames[at + i]); };
    REQUIRE(byte(0) == 0x81);
    REQUIRE(byte(1) == (0x80 | 126));
    const std::size_t size = std::size_t{byte(2)} << 8 | byte(3);
    const std::string_view text = std::string_view(frames).substr(at + 8, size);
    for (std::size_t mark = find_marker(text, 0); mark != text.npos;
         mark = find_marker(text, mark + 1)) {
      CHECK(read_mark(text.data() + mark) == Mark{3, static_cast<std::uint32_t>(10 + count)});
      ++count;
    }
    at += 8 + size;
    ++in_frames;
  }
  CHECK(count == 200);
  CHECK(in_frames == 4);
}

TEST_CASE("pool: the same is received wherever the stream is cut") {
  const Wording wording = make_wording();
  std::string stream = greeting();
  for (std::uint32_t i = 0; i < 3; ++i)
    stream += server_frame(push(0, i, wording));
  stream += server_frame("ok", '\x89');
  stream += server_frame(push(0, 3, wording) + "\n{}\n" + push(0, 4, wording));
  stream += server_frame(R"({"id":9,"x":")" + std::string(300, 'x') + "\"}");
  stream += server_frame(push(0, 5, wording));
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    CAPTURE(cut);
    Scene scene;
    scene.publish(6);
    scene.feed(std::string_view(stream).substr(0, cut));
    scene.feed(std::string_view(stream).substr(cut));
    REQUIRE(scene.is_ready);
    REQUIRE(scene.received.size() == 6);
    REQUIRE(scene.close_account().all() == 0);
    REQUIRE(scene.pool().damaged() == 0);
    REQUIRE(scene.ledger.completed() == 6);
  }
}

TEST_CASE("pool: the same is received byte by byte, and pings of both kinds are answered") {
  Scene scene;
  scene.publish(2);
  const std::string stream = greeting() + server_frame("hi", '\x89') + server_frame("{}") +
                             server_frame(push(0, 0, scene.wording)) +
                             server_frame(push(0, 1, scene.wording));
  for (const char byte : stream)
    scene.feed({&byte, 1});
  CHECK(scene.received.size() == 2);
  CHECK(scene.close_account().all() == 0);
  const std::string sent = scene.sent_until("{}");
  CHECK(sent.find(std::string("\x8a\x82\0\0\0\0hi", 8)) != sent.npos);
}

TEST_CASE("ledger: a message that never comes is lost, in the middle and at the end") {
  Scene scene;
  scene.publish(4);
  scene.feed(greeting());
  scene.receive(0);
  scene.receive(2);
  CHECK(scene.ledger.faults().lost == 1);
  CHECK(scene.close_account().lost == 2);
  CHECK(scene.ledger.faults().all() == 2);
  CHECK(scene.ledger.delivered() == 2);
  CHECK(scene.ledger.outstanding() == 0);
}

TEST_CASE("ledger: a message that comes twice is duplicated") {
  Scene scene;
  scene.publish(2);
  scene.feed(greeting());
  scene.receive(0);
  scene.receive(0);
  scene.receive(1);
  CHECK(scene.close_account().duplicated == 1);
  CHECK(scene.ledger.faults().all() == 1);
}

TEST_CASE("ledger: a message that comes after a later one is out of order, and not lost") {
  Scene scene;
  scene.publish(3);
  scene.feed(greeting());
  scene.receive(1);
  scene.receive(0);
  scene.receive(2);
  CHECK(scene.close_account().disordered == 1);
  CHECK(scene.ledger.faults().all() == 1);
}

TEST_CASE("ledger: a message of another room, or of nobody, is misdelivered") {
  Scene scene;
  scene.publish(1);
  scene.feed(greeting());
  scene.receive(0);
  scene.receive(1);
  scene.feed(server_frame(push(1, 0, scene.wording)));
  CHECK(scene.close_account().misdelivered == 2);
  CHECK(scene.ledger.faults().all() == 2);
}

TEST_CASE("ledger: a room has space for as many messages as its window, and again when complete") {
  Scene scene;
  scene.publish(64);
  CHECK_FALSE(scene.ledger.has_space(0));
  scene.feed(greeting());
  scene.receive(0);
  CHECK(scene.ledger.has_space(0));
}

TEST_CASE("ledger: what a slow reader has missed is counted, and is no fault of the run") {
  Scene scene;
  scene.publish(9);
  const Mark marks[] = {{0, 0}, {0, 1}, {0, 5}};
  CHECK(scene.ledger.receive_slowly(scene.client(), marks, 3) == 3);
  CHECK(scene.client().next == 6);
  CHECK(scene.ledger.faults().all() == 0);
}

TEST_CASE("pool: a message whose body changed on the way is damaged") {
  Scene scene;
  scene.publish(1);
  std::string text = push(0, 0, scene.wording);
  text[text.size() - 10] ^= 1;
  scene.feed(greeting() + server_frame(text));
  CHECK(scene.pool().damaged() == 1);
}

TEST_CASE("pool: a refused handshake, a fragment and an error to a command end the run") {
  CHECK_THROWS_AS(Scene().feed("HTTP/1.1 404 Not Found\r\n\r\n"), Failure);
  CHECK_THROWS_AS(Scene().feed("HTTP/1.1 101 \r\nSec-WebSocket-Accept: wrong\r\n\r\n"), Failure);
  CHECK_THROWS_AS(Scene().feed(greeting() + server_frame("{}", '\x01')), Failure);
  CHECK_THROWS_AS(
      Scene().feed(greeting() + server_frame(R"({"id":3,"error":{"code":103,"message":"no"}})")),
      Failure);
}

TEST_CASE("pool: a close frame is told with its code") {
  Scene scene;
  scene.feed(greeting() + server_frame(std::string("\x0b\xc0slow", 6), '\x88'));
  CHECK(scene.closed == 3008);
  CHECK(scene.client().stage == Stage::kClosed);
}

TEST_CASE("template codec: words are whatever the options say") {
  TemplateOptions options;
  options.phrases.publish = "42[\"{room}\",{message}]";
  options.ready = "welcome";
  options.ping = "2";
  options.pong = "3";
  const auto codec = make_template_codec(options, make_wording());
  CHECK(codec->read("2").kind == Word::Kind::kPing);
  CHECK(codec->pong() == "3");
  CHECK(codec->read("you are welcome").kind == Word::Kind::kReady);
  CHECK(codec->read("22").kind == Word::Kind::kNothing);
  CHECK_FALSE(codec->is_ready_at_once());
}

}  // namespace load
