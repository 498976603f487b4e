// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "madang/base/hash.h"
#include "madang/base/time.h"
#include "madang/transport/peer_address.h"

namespace madang {

// What connections are counted by: an IPv4 address whole, of an IPv6 address the network, because
// the rest of it is for its owner to choose.
using AddressKey = std::array<char, 8>;
AddressKey address_key(const PeerAddress& address);
// Of nobody: a network of multicast, which is no peer's.
inline constexpr AddressKey kNoAddress = {'\xff', '\xff', '\xff', '\xff',
                                          '\xff', '\xff', '\xff', '\xff'};

// Counts the open connections of a server and holds them to their bounds. Thread-safe; outlives its
// tickets.
class ConnectionGate {
 public:
  struct Limits {
    std::size_t connections_max;
    std::size_t per_address_max;
    std::size_t handshakes_max;
  };

  enum class Refusal : std::uint8_t { kNone, kFull, kAddress, kHandshakes };

  // One connection's place, given back as it is destroyed. Each connection has one, so it is small.
  class Place {
   public:
    Place() = default;
    Place(ConnectionGate& gate, const AddressKey& address) : gate_(&gate), address_(address) {}
    Place(Place&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), address_(other.address_) {}
    Place& operator=(Place other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(address_, other.address_);
      return *this;
    }
    ~Place() {
      if (gate_ != nullptr) gate_->leave(address_);
    }

    // Leaves it to the caller to give the place back, by ConnectionGate::leave() with this address;
    // kNoAddress if there is none.
    AddressKey release() {
      return std::exchange(gate_, nullptr) == nullptr ? kNoAddress : address_;
    }

   private:
    ConnectionGate* gate_ = nullptr;  // null: has no place
    AddressKey address_ = {};
  };

  // The place of a connection that begins with its handshake.
  class Ticket {
   public:
    Ticket(ConnectionGate& gate, const AddressKey& address) : gate_(gate), place_(gate, address) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { handshake_done(); }

    // The connection no longer counts as a handshake. Repeated calls do nothing.
    void handshake_done();
    // Ends the handshake and hands the place on, for a connection that becomes something else.
    Place take_place();

   private:
    ConnectionGate& gate_;
    Place place_;
    bool in_handshake_ = true;
  };

  explicit ConnectionGate(const Limits& limits) : limits_(limits) {}

  // A place for a connection from `address` that begins with its handshake; null if there is none,
  // and `refusal` says why.
  std::unique_ptr<Ticket> enter(const PeerAddress& address, Refusal& refusal);

  // Gives back a place that was released.
  void leave(const AddressKey& address);

  std::size_t connections() const;
  std::size_t handshakes() const;

  // Waits until no connection is left; answers false if that takes longer.
  bool wait_until_empty(Duration timeout);

 private:
  const Limits limits_;

  // Guards all below.
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t connections_ = 0;
  std::size_t handshakes_ = 0;
  StringMap<std::size_t> by_address_;
};

}  // namespace madang
