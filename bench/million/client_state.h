// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "client.h"
#include "codec.h"
#include "histogram.h"
#include "ledger.h"
#include "pool.h"

namespace million {

// All members that one client process is.
class Client : public load::Listener {
 public:
  explicit Client(const ClientOptions& options);

  // As fast as it goes.
  void enter();
  // One message to the room at `at_ns`, until everybody has it.
  void publish(std::int64_t at_ns);
  // Stays, answers pings, and says what was asked on standard input.
  void serve();

  void on_ready(load::Connection& member, std::int64_t now_ns) override {
    entering_.record(now_ns - member.began_ns);
  }
  void on_messages(load::Connection& member, const load::Mark* marks, std::size_t count,
                   std::int64_t now_ns) override;

  const ClientOptions& options() const { return options_; }
  load::Pool& pool() { return pool_; }
  const load::Histogram& entering() const { return entering_; }

 private:
  const ClientOptions options_;
  const std::unique_ptr<load::Codec> codec_;
  load::Ledger ledger_;
  load::Pool pool_;
  load::Histogram entering_;
  std::int64_t last_received_ns_ = 0;
};

// Enters steadily and asks for the count all the while; see enter.cc.
void enter_by_ramp(Client& client);

load::PoolOptions make_pool_options(const ClientOptions& options, load::Codec* codec,
                                    load::Listener* listener);

}  // namespace million
