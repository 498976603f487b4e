// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "madang/base/hash.h"
#include "madang/base/time.h"

namespace madang {

// Counts the open connections of a server and holds them to their bounds. Thread-safe.
class ConnectionGate : public std::enable_shared_from_this<ConnectionGate> {
 public:
  struct Limits {
    std::size_t connections_max;
    std::size_t per_address_max;
    std::size_t handshakes_max;
  };

  enum class Refusal : std::uint8_t { kNone, kFull, kAddress, kHandshakes };

  // One connection's place, given back as it is destroyed.
  class Ticket {
   public:
    Ticket(std::shared_ptr<ConnectionGate> gate, std::string address)
        : gate_(std::move(gate)), address_(std::move(address)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { gate_->leave(*this); }

    // The connection no longer counts as a handshake. Repeated calls do nothing.
    void handshake_done();

   private:
    friend class ConnectionGate;

    const std::shared_ptr<ConnectionGate> gate_;
    const std::string address_;
    bool in_handshake_ = true;
  };

  explicit ConnectionGate(const Limits& limits) : limits_(limits) {}

  // A place for a connection from `address` that begins with its handshake; null if there is none,
  // and `refusal` says why.
  std::shared_ptr<Ticket> enter(std::string_view address, Refusal& refusal);

  std::size_t connections() const;
  std::size_t handshakes() const;

  // Waits until no connection is left; answers false if that takes longer.
  bool wait_until_empty(Duration timeout);

 private:
  void leave(const Ticket& ticket);

  const Limits limits_;

  // Guards all below.
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t connections_ = 0;
  std::size_t handshakes_ = 0;
  StringMap<std::size_t> by_address_;
};

// What connections are counted by: an IPv4 address whole, of an IPv6 address the network, because
// the rest of it is for its owner to choose.
std::string address_key(std::string_view address);

}  // namespace madang
