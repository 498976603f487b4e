// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "protocol/centrifuge/json_request.h"

namespace madang::centrifuge {
namespace {

// Where a kind of request stands in the protocol's order, or kJsonRequests.
std::size_t request_named(std::string_view name) {
  const auto requests = json_requests();
  return static_cast<std::size_t>(std::ranges::find(requests, name, &JsonRequest::name) -
                                  requests.begin());
}

bool is_empty_object(std::string_view text) {
  std::string_view expected = "{}";
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (expected.empty() || c != expected.front()) return false;
    expected.remove_prefix(1);
  }
  return expected.empty();
}

// All requests are read, so that a bad one counts wherever it stands.
class CommandReader {
 public:
  explicit CommandReader(Command& command) : command_(command) {}

  bool read(const JsonValue& value) {
    if (!value.is_object()) return false;
    JsonMembers members(value);
    while (members.next()) {
      if (!read_member(members.name(), members.value())) return false;
    }
    return first_ != kJsonRequests;
  }

 private:
  bool read_member(std::string_view name, const JsonValue& value) {
    const bool is_id = name == "id";
    const std::size_t index = is_id ? kJsonRequests : request_named(name);
    if (!is_id && index == kJsonRequests) return is_shallow(value);
    const auto bit = std::uint32_t{1} << index;
    if ((seen_ & bit) != 0) return false;
    seen_ |= bit;
    if (value.is_null()) return true;
    return is_id ? read_id(value) : read_request(index, value);
  }

  bool read_id(const JsonValue& value) {
    const auto id = to_uint64(value);
    if (!id || !std::in_range<std::uint32_t>(*id)) return false;
    command_.id = static_cast<std::uint32_t>(*id);
    return true;
  }

  bool read_request(std::size_t index, const JsonValue& value) {
    if (index < first_) {
      first_ = index;
      return json_requests()[index].read(value, command_.body);
    }
    CommandBody unused;
    return json_requests()[index].read(value, unused);
  }

  Command& command_;
  std::size_t first_ = kJsonRequests;  // in the protocol's order, of those that came
  std::uint32_t seen_ = 0;
};

}  // namespace

bool read_json_command(std::string_view text, Command& command) {
  if (is_empty_object(text)) return true;
  const auto value = parse_json(text);
  return value && CommandReader(command).read(*value);
}

}  // namespace madang::centrifuge
