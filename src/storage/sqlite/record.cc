// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/record.h"

#include <cstring>
#include <utility>

#include "madang/base/hash.h"
#include "storage/varint.h"

namespace madang::sqlite {
namespace {

enum Flag : unsigned {
  kHasInfo = 1,
  kHasTags = 2,
  kHasKey = 4,
  kHasClient = 8,
  kDataIsJson = 16,
  kConnectionInfoIsJson = 32,
  kRoomInfoIsJson = 64,
};

constexpr std::size_t kSealBytes = 8;

void put_fixed(std::string& out, std::uint64_t value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  out.append(bytes, 8);
}

void put_bytes(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

std::uint64_t seal_of(std::string_view body, std::int64_t room, const StoredMessage& message) {
  thread_local std::string sealed;
  sealed = body;
  put_fixed(sealed, static_cast<std::uint64_t>(room));
  put_fixed(sealed, message.offset);
  put_fixed(sealed, static_cast<std::uint64_t>(ms_of(message.time)));
  const std::uint64_t seal = placement_hash(sealed);
  if (sealed.capacity() > 1024 * 1024) sealed = std::string();
  return seal;
}

// The two halves of a client's id, which only its text gives away.
std::pair<std::uint64_t, std::uint64_t> halves_of(const ClientId& id) {
  std::uint64_t halves[2] = {0, 0};
  int nibble = 0;
  for (const char c : id.text()) {
    if (c == '-') continue;
    const int value = c <= '9' ? c - '0' : c - 'a' + 10;
    std::uint64_t& half = halves[nibble++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(value);
  }
  return {halves[0], halves[1]};
}

void put_info(std::string& out, const ClientInfo& info, bool has_client) {
  put_bytes(out, info.user);
  if (has_client) {
    const auto [high, low] = halves_of(info.client);
    put_fixed(out, high);
    put_fixed(out, low);
  }
  put_bytes(out, info.connection_info.view());
  put_bytes(out, info.room_info.view());
}

// Takes from the front of what is left, and nothing once something did not fit.
class Taker {
 public:
  explicit Taker(std::string_view left) : left_(left) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return left_; }

  std::string_view bytes(std::uint64_t size) {
    if (!ok_ || size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::string_view sized() { return bytes(number()); }

  std::uint64_t number() {
    const auto value = take_varint(left_);
    ok_ = ok_ && value.has_value();
    return value.value_or(0);
  }

  std::uint64_t fixed() {
    const std::string_view taken = bytes(8);
    std::uint64_t value = 0;
    if (taken.size() == 8) std::memcpy(&value, taken.data(), 8);
    return value;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

Payload payload_of(std::string_view bytes, bool json) {
  return json ? Payload::of_json(bytes) : Payload(bytes);
}

ClientInfoRef take_info(Taker& taker, unsigned flags) {
  ClientInfo info;
  info.user = taker.sized();
  if ((flags & kHasClient) != 0) {
    const std::uint64_t high = taker.fixed();
    info.client = ClientId::from_bits(high, taker.fixed());
  }
  info.connection_info = payload_of(taker.sized(), (flags & kConnectionInfoIsJson) != 0);
  info.room_info = payload_of(taker.sized(), (flags & kRoomInfoIsJson) != 0);
  return std::make_shared<const ClientInfo>(std::move(info));
}

void take_tags(Taker& taker, Tags& tags) {
  for (std::uint64_t count = taker.number(); count > 0 && taker.ok(); --count) {
    std::string name(taker.sized());
    tags.emplace_back(std::move(name), taker.sized());
  }
}

}  // namespace

Seal& Seal::add(std::uint64_t value) {
  put_fixed(text_, value);
  return *this;
}

Seal& Seal::add(std::string_view bytes) {
  put_fixed(text_, bytes.size());
  text_ += bytes;
  return *this;
}

std::int64_t Seal::value() const { return static_cast<std::int64_t>(placement_hash(text_)); }

std::int64_t seal_of_key(std::int64_t row, std::int64_t time_ms, std::string_view key) {
  Seal seal;
  seal.add(static_cast<std::uint64_t>(row)).add(static_cast<std::uint64_t>(time_ms));
  return seal.add(key).value();
}

void encode(const StoredMessage& message, std::int64_t room, std::uint64_t previous,
            std::string& record) {
  const ClientInfo* const info = message.info.get();
  const bool has_client = info != nullptr && info->client != ClientId();
  unsigned flags = 0;
  const auto note = [&flags](Flag flag, bool is) { flags |= is ? flag : 0u; };
  note(kHasInfo, info != nullptr);
  note(kHasTags, !message.tags.empty());
  note(kHasKey, !message.idempotency_key.empty());
  note(kHasClient, has_client);
  note(kDataIsJson, message.data.is_json());
  note(kConnectionInfoIsJson, info != nullptr && info->connection_info.is_json());
  note(kRoomInfoIsJson, info != nullptr && info->room_info.is_json());
  record.clear();
  record += static_cast<char>(flags);
  append_varint(record, previous == 0 ? 0 : message.offset - previous);
  put_bytes(record, message.epoch);
  if (info != nullptr) put_info(record, *info, has_client);
  if (!message.tags.empty()) {
    append_varint(record, message.tags.size());
    for (const auto& [name, value] : message.tags) {
      put_bytes(record, name);
      put_bytes(record, value);
    }
  }
  if (!message.idempotency_key.empty()) put_bytes(record, message.idempotency_key);
  record += message.data.view();
  put_fixed(record, seal_of(record, room, message));
}

bool decode(std::string_view record, std::int64_t room, StoredMessage& message,
            std::uint64_t& previous) {
  if (record.size() < kSealBytes) return false;
  Taker seal(record.substr(record.size() - kSealBytes));
  record.remove_suffix(kSealBytes);
  if (seal.fixed() != seal_of(record, room, message)) return false;

  Taker taker(record);
  const std::string_view first = taker.bytes(1);
  const unsigned flags = first.empty() ? 0u : static_cast<unsigned char>(first[0]);
  const std::uint64_t back = taker.number();
  previous = back == 0 || back > message.offset ? 0 : message.offset - back;
  message.epoch = taker.sized();
  if ((flags & kHasInfo) != 0) message.info = take_info(taker, flags);
  if ((flags & kHasTags) != 0) take_tags(taker, message.tags);
  if ((flags & kHasKey) != 0) message.idempotency_key = taker.sized();
  message.data = payload_of(taker.rest(), (flags & kDataIsJson) != 0);
  return taker.ok();
}

}  // namespace madang::sqlite
