// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/row.h"

#include <fmt/format.h>

#include <utility>

#include "storage/postgres/big_endian.h"
#include "storage/postgres/statements.h"

namespace madang::postgres {

std::string_view copy_head() {
  static constexpr char kHead[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";  // the end has one more 0
  return {kHead, 11 + 4 + 4};
}

std::string_view copy_tail() { return "\377\377"; }

void append_row(std::string& out, std::int64_t room, const StoredMessage& message) {
  append_big(out, std::int16_t{1 + kMessageColumns});
  append_field(out, room);
  append_field(out, static_cast<std::int64_t>(message.offset));
  append_field(out, milliseconds_of(message.time));
  append_field(out, message.epoch);
  append_field(out, message.data.view());
  if (const std::string extra = encode_extra(message); extra.empty()) {
    append_null(out);
  } else {
    append_field(out, extra);
  }
  if (message.idempotency_key.empty()) {
    append_null(out);
  } else {
    append_field(out, message.idempotency_key);
  }
}

absl::StatusOr<StoredMessage> message_of(const Result& result, int row, int column,
                                         std::string room) {
  StoredMessage message;
  message.room = std::move(room);
  message.offset = result.offset(row, column + kPos);
  message.time = time_of(result.number(row, column + kTime));
  message.epoch = result.text(row, column + kEpoch);
  message.data = Payload(result.bytes(row, column + kData));
  message.idempotency_key = result.text(row, column + kKey);
  if (result.null(row, column + kExtra)) return message;
  if (const auto status = decode_extra(result.bytes(row, column + kExtra), message); !status.ok()) {
    return absl::DataLossError(fmt::format("postgres: message {} of a room: {}", message.offset,
                                           std::string(status.message())));
  }
  return message;
}

}  // namespace madang::postgres
