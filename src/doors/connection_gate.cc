// SPDX-License-Identifier: Apache-2.0
#include "connection_gate.h"

#include <arpa/inet.h>

#include <array>

namespace madang {

namespace {
constexpr std::size_t kNetworkBytes = 8;
}

std::string address_key(std::string_view address) {
  std::string text(address);
  std::array<char, 16> v6{};
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) != 1) return text;
  return std::string(v6.data(), kNetworkBytes);
}

std::shared_ptr<ConnectionGate::Ticket> ConnectionGate::enter(std::string_view address,
                                                              Refusal& refusal) {
  std::string key = address_key(address);
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_address_.find(key);
    const std::size_t of_address = found == by_address_.end() ? 0 : found->second;
    refusal = connections_ >= limits_.connections_max ? Refusal::kFull
              : of_address >= limits_.per_address_max ? Refusal::kAddress
              : handshakes_ >= limits_.handshakes_max ? Refusal::kHandshakes
                                                      : Refusal::kNone;
    if (refusal != Refusal::kNone) return nullptr;
    ++connections_;
    ++handshakes_;
    ++by_address_[key];
  }
  return std::make_shared<Ticket>(shared_from_this(), std::move(key));
}

void ConnectionGate::Ticket::handshake_done() {
  if (!in_handshake_) return;
  in_handshake_ = false;
  const std::lock_guard lock(gate_->mutex_);
  --gate_->handshakes_;
}

void ConnectionGate::leave(const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  --connections_;
  if (ticket.in_handshake_) --handshakes_;
  const auto found = by_address_.find(ticket.address_);
  if (--found->second == 0) by_address_.erase(found);
  if (connections_ == 0) empty_.notify_all();
}

std::size_t ConnectionGate::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

std::size_t ConnectionGate::handshakes() const {
  const std::lock_guard lock(mutex_);
  return handshakes_;
}

bool ConnectionGate::wait_until_empty(Duration timeout) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, timeout, [this] { return connections_ == 0; });
}

}  // namespace madang
