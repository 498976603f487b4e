// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "client_state.h"
#include "clock.h"
#include "failure.h"
#include "machine.h"

namespace million {
namespace {

using load::kMillisecond_ns;
using load::kSecond_ns;
using load::now_ns;

constexpr std::size_t kMessageBytes = 128;
constexpr std::int64_t kPatience_ns = 60 * kSecond_ns;

load::Wording make_wording() { return {kRoomPrefix, load::make_message(kMessageBytes, false)}; }

template <typename... T>
void say(fmt::format_string<T...> format, T&&... values) {
  fmt::print("{}\n", fmt::format(format, std::forward<T>(values)...));
  std::fflush(stdout);
}

// The next line of standard input if there is one. At its end: "quit".
std::string hear() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, 0) == 0) return {};
  char line[256];
  if (std::fgets(line, sizeof line, stdin) == nullptr) return "quit";
  return line;
}

}  // namespace

load::PoolOptions make_pool_options(const ClientOptions& options, load::Codec* codec,
                                    load::Listener* listener) {
  load::PoolOptions pool;
  pool.server = options.server;
  pool.codec = codec;
  pool.listener = listener;
  pool.first_source_address = options.first_source;
  return pool;
}

Client::Client(const ClientOptions& options)
    : options_(options),
      codec_(load::make_centrifuge_codec("/connection/websocket", {.subscribes = true},
                                         make_wording())),
      ledger_({static_cast<std::uint32_t>(options.connections)}, 16),
      pool_(make_pool_options(options_, codec_.get(), this)) {
  for (std::size_t i = 0; i < options.connections; ++i)
    pool_.add(0, static_cast<std::uint32_t>(i));
}

void Client::enter() {
  std::int64_t said_ns = 0;
  pool_.connect_all(
      options_.handshakes,
      [](void* said, std::size_t ready) {
        auto& last_ns = *static_cast<std::int64_t*>(said);
        if (now_ns() - last_ns < 200 * kMillisecond_ns) return;
        last_ns = now_ns();
        say("connected {}", ready);
      },
      &said_ns);
}

void Client::on_messages(load::Connection& member, const load::Mark* marks, std::size_t count,
                         std::int64_t now_ns) {
  ledger_.receive(member, marks, count, now_ns);
  last_received_ns_ = now_ns;
}

void Client::publish(std::int64_t at_ns) {
  while (now_ns() < at_ns)
    pool_.poll(std::max<std::int64_t>(0, at_ns - now_ns()));
  const std::int64_t begin = now_ns();
  std::string frames;
  codec_->append_publishes(0, ledger_.publish(0, begin), 1, &frames);
  pool_.send(pool_[0], frames);
  while (ledger_.outstanding() > 0 && now_ns() - begin < kPatience_ns)
    pool_.poll(10 * kMillisecond_ns);
  const std::int64_t last_ns = last_received_ns_;
  // What comes twice comes soon after.
  const std::int64_t quiet = now_ns() + kSecond_ns;
  while (now_ns() < quiet)
    pool_.poll(50 * kMillisecond_ns);
  for (std::size_t i = 0; i < pool_.size(); ++i)
    ledger_.close_account(pool_[i]);
  const load::Faults& faults = ledger_.faults();
  say("received {} {} {} {} {} {} {:.0f} {:.0f}", begin, last_ns, ledger_.delivered(), faults.lost,
      faults.duplicated + faults.disordered + faults.misdelivered, pool_.damaged(),
      ledger_.latency().quantile_ns(0.5), ledger_.latency().quantile_ns(0.99));
}

void Client::serve() {
  while (true) {
    pool_.poll(20 * kMillisecond_ns);
    const std::string line = hear();
    if (line == "quit") return;
    constexpr std::string_view kPublish = "publish ";
    if (line.starts_with(kPublish)) publish(std::stoll(line.substr(kPublish.size())));
  }
}

int run_client(const ClientOptions& options) try {
  load::raise_files_limit();
  Client client(options);
  const std::int64_t begin = now_ns();
  if (options.ramp_s > 0) {
    enter_by_ramp(client);
  } else {
    client.enter();
  }
  say("connected {}", client.pool().ready());
  say("entered {} {:.0f} {:.0f}", now_ns() - begin, client.entering().quantile_ns(0.5),
      client.entering().quantile_ns(0.99));
  client.serve();
  return 0;
} catch (const std::exception& error) {
  say("failed {}", error.what());
  return 1;
}

}  // namespace million
