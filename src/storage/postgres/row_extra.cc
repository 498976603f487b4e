// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "storage/postgres/big_endian.h"
#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

// The first byte names the form, so that another can follow; the second says what there is. Then
// come the info (user, client, connection info, room info) and the tags, each text with its length.
constexpr char kForm = 1;
constexpr unsigned kDataIsJson = 1;
constexpr unsigned kHasInfo = 2;
constexpr unsigned kConnectionInfoIsJson = 4;
constexpr unsigned kRoomInfoIsJson = 8;
constexpr unsigned kKnownFlags = 15;

Payload payload_of(std::string_view bytes, bool json) {
  return json ? Payload::of_json(bytes) : Payload(bytes);
}

// The id whose text this is; nothing if it is none.
std::optional<ClientId> client_of(std::string_view text) {
  if (text.empty()) return ClientId();
  std::uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0 || digits == 32) return {};
    std::uint64_t& half = halves[digits++ / 16];
    half = (half << 4) | static_cast<unsigned>(digit);
  }
  const ClientId client = ClientId::from_bits(halves[0], halves[1]);
  if (client.text() != text) return {};
  return client;
}

// Takes fields off the front, and remembers if one was not whole.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  std::string_view next() {
    if (rest_.size() < 4) return fail();
    const auto size = read_big<std::uint32_t>(rest_.data());
    if (rest_.size() - 4 < size) return fail();
    const std::string_view field = rest_.substr(4, size);
    rest_.remove_prefix(4 + size);
    return field;
  }
  bool done() const { return rest_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view fail() {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string encode_extra(const StoredMessage& message) {
  const ClientInfo* info = message.info.get();
  unsigned flags = 0;
  if (message.data.is_json()) flags |= kDataIsJson;
  if (info != nullptr) {
    flags |= kHasInfo;
    if (info->connection_info.is_json()) flags |= kConnectionInfoIsJson;
    if (info->room_info.is_json()) flags |= kRoomInfoIsJson;
  }
  if (flags == 0 && message.tags.empty()) return {};

  std::string out = {kForm, static_cast<char>(flags)};
  if (info != nullptr) {
    append_field(out, info->user);
    append_field(out, info->client == ClientId() ? std::string() : info->client.text());
    append_field(out, info->connection_info.view());
    append_field(out, info->room_info.view());
  }
  for (const auto& [name, value] : message.tags) {
    append_field(out, name);
    append_field(out, value);
  }
  return out;
}

absl::Status decode_extra(std::string_view extra, StoredMessage& message) {
  if (extra.size() < 2 || extra[0] != kForm) return absl::DataLossError("an unknown form");
  const auto flags = static_cast<unsigned char>(extra[1]);
  if ((flags & ~kKnownFlags) != 0) return absl::DataLossError("an unknown form");
  if ((flags & kDataIsJson) != 0) message.data = Payload::of_json(message.data.view());

  Fields fields(extra.substr(2));
  if ((flags & kHasInfo) != 0) {
    auto info = std::make_shared<ClientInfo>();
    info->user = fields.next();
    const auto client = client_of(fields.next());
    if (!client) return absl::DataLossError("no client id where one should be");
    info->client = *client;
    info->connection_info = payload_of(fields.next(), (flags & kConnectionInfoIsJson) != 0);
    info->room_info = payload_of(fields.next(), (flags & kRoomInfoIsJson) != 0);
    message.info = std::move(info);
  }
  while (!fields.done()) {
    std::string name(fields.next());
    message.tags.emplace_back(std::move(name), fields.next());
  }
  if (!fields.good()) return absl::DataLossError("it ends too early");
  return absl::OkStatus();
}

}  // namespace madang::postgres
