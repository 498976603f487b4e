// SPDX-License-Identifier: Apache-2.0

// People enter one room steadily, and every second somebody who is in it asks how many are. The
// answer is right if it is no less than those who had been told that they are in before the
// question left, and no more than those who had asked to come in before the answer came; the one
// who asks counts too.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "client_state.h"
#include "clock.h"
#include "failure.h"

namespace million {
namespace {

using load::kMillisecond_ns;
using load::kSecond_ns;
using load::now_ns;

constexpr std::size_t kUnderWayMax = 4096;

// The one who asks.
class Asker : public load::Listener {
 public:
  explicit Asker(Client& client)
      : client_(client),
        codec_(load::make_centrifuge_codec("/connection/websocket", {.subscribes = true},
                                           {kRoomPrefix, load::make_message(64, false)})),
        pool_(make_pool_options(client.options(), codec_.get(), this)) {
    pool_.add(0, 0);
    pool_.connect_all(1, nullptr, nullptr);
  }

  void ask() {
    least_ = 1 + client_.pool().ready();
    is_asking_ = true;
    asked_ns_ = now_ns();
    pool_.send_text(pool_[0], fmt::format(R"({{"id":{},"presence_stats":{{"channel":"{}"}}}})",
                                          1'000'000'000 + ++questions_, codec_->room_name(0)));
  }
  void poll() { pool_.poll(0); }
  bool is_asking() const { return is_asking_; }
  std::size_t last_answer() const { return last_answer_; }

  void on_reply_text(load::Connection&, std::string_view text) override {
    constexpr std::string_view kCount = R"("num_clients":)";
    const std::size_t at = text.find(kCount);
    if (!is_asking_ || at == text.npos) return;
    std::size_t count = 0;
    std::from_chars(text.data() + at + kCount.size(), text.data() + text.size(), count);
    is_asking_ = false;
    last_answer_ = count;
    std::size_t most = 1;
    for (std::size_t i = 0; i < client_.pool().size(); ++i)
      most += client_.pool()[i].stage >= load::Stage::kOpening;
    fmt::print("count {} {} {} {}\n", count, least_, most, now_ns() - asked_ns_);
    std::fflush(stdout);
  }
  void on_messages(load::Connection&, const load::Mark*, std::size_t, std::int64_t) override {
    throw load::Failure("a message came, and nobody had published one");
  }

 private:
  Client& client_;
  const std::unique_ptr<load::Codec> codec_;
  load::Pool pool_;
  std::size_t least_ = 0;
  std::size_t last_answer_ = 0;
  bool is_asking_ = false;
  std::int64_t asked_ns_ = 0;
  std::int64_t questions_ = 0;
};

}  // namespace

void enter_by_ramp(Client& client) {
  load::Pool& pool = client.pool();
  Asker asker(client);
  const std::int64_t begin = now_ns();
  const auto ramp_ns = static_cast<std::int64_t>(client.options().ramp_s * 1e9);
  const std::int64_t deadline = begin + ramp_ns + 30 * kSecond_ns;
  std::int64_t ask_ns = begin + kSecond_ns;
  std::size_t next = 0;
  while (pool.ready() < pool.size() || asker.is_asking() ||
         asker.last_answer() != pool.size() + 1) {
    const std::int64_t now = now_ns();
    if (now > deadline) {
      throw load::Failure(fmt::format("{} of {} are in, and the last count was {}", pool.ready(),
                                      pool.size(), asker.last_answer()));
    }
    const double part = std::min(1.0, double(now - begin) / double(ramp_ns));
    const auto due = static_cast<std::size_t>(part * double(pool.size()));
    for (; next < due && pool.opening() < kUnderWayMax; ++next)
      pool.connect(pool[next]);
    if (now >= ask_ns && !asker.is_asking()) {
      asker.ask();
      ask_ns += kSecond_ns;
      fmt::print("connected {}\n", pool.ready());
    }
    pool.poll(kMillisecond_ns);
    asker.poll();
  }
}

}  // namespace million
