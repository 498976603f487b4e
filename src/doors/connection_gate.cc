// SPDX-License-Identifier: Apache-2.0
#include "connection_gate.h"

#include <algorithm>
#include <string_view>

namespace madang {

namespace {
std::string_view view(const AddressKey& key) { return {key.data(), key.size()}; }
}  // namespace

// Of IPv4 the last eight of the sixteen bytes, which are those of no network that there is.
AddressKey address_key(const PeerAddress& address) {
  AddressKey key;
  const auto begin = address.bytes().begin() + (address.is_v4() ? key.size() : 0);
  std::copy_n(begin, key.size(), key.begin());
  return key;
}

std::unique_ptr<ConnectionGate::Ticket> ConnectionGate::enter(const PeerAddress& address,
                                                              Refusal& refusal) {
  const AddressKey key = address_key(address);
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_address_.find(view(key));
    const std::size_t of_address = found == by_address_.end() ? 0 : found->second;
    refusal = connections_ >= limits_.connections_max ? Refusal::kFull
              : of_address >= limits_.per_address_max ? Refusal::kAddress
              : handshakes_ >= limits_.handshakes_max ? Refusal::kHandshakes
                                                      : Refusal::kNone;
    if (refusal != Refusal::kNone) return nullptr;
    ++connections_;
    ++handshakes_;
    ++by_address_[view(key)];
  }
  return std::make_unique<Ticket>(*this, key);
}

void ConnectionGate::Ticket::handshake_done() {
  if (!in_handshake_) return;
  in_handshake_ = false;
  const std::lock_guard lock(gate_.mutex_);
  --gate_.handshakes_;
}

ConnectionGate::Place ConnectionGate::Ticket::take_place() {
  handshake_done();
  return std::move(place_);
}

void ConnectionGate::leave(const AddressKey& address) {
  const std::lock_guard lock(mutex_);
  --connections_;
  const auto found = by_address_.find(view(address));
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
