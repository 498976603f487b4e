// SPDX-License-Identifier: Apache-2.0
#include "storage/set_aside_line.h"

#include <cstdint>
#include <utility>

#include "storage/message_line.h"

namespace madang {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kCodeMax = 16;  // of absl::StatusCode

}  // namespace

std::string set_aside_line(const StoredMessage& message, const absl::Status& why) {
  std::string out = "{\"madang_set_aside\":" + std::to_string(kFormat);
  line::put_number(out, "code", static_cast<int>(why.code()));
  line::put_bytes(out, "why", {why.message().data(), why.message().size()});
  line::put_bytes(out, "room", message.room);
  out += ',';
  line::put_message(out, message);
  out += "}\n";
  return out;
}

absl::StatusOr<SetAsideMessage> parse_set_aside(std::string_view line) {
  dom::parser parser;
  dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
    return absl::DataLossError("a line is no JSON");
  }
  line::Members members(object);
  const std::int64_t format = members.number("madang_set_aside");
  if (members.ok() && format > kFormat) {
    return absl::FailedPreconditionError("a line's format is newer than this library");
  }
  const std::int64_t code = members.number("code");
  const std::string why = members.bytes("why");
  std::string room = members.bytes("room");
  SetAsideMessage read;
  read.message = line::message_of(members);
  read.message.room = std::move(room);
  if (!members.ok() || format != kFormat || code < 0 || code > kCodeMax) {
    return absl::DataLossError("a line is not what was written");
  }
  read.why = absl::Status(static_cast<absl::StatusCode>(code), why);
  return read;
}

}  // namespace madang
