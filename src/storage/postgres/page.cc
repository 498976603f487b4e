// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/page.h"

#include <algorithm>
#include <utility>

#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

// The columns before those of the message.
constexpr int kFirst = 1;
constexpr int kMessage = 2;

}  // namespace

absl::StatusOr<Page> page_of(const Result& rows, const PageRequest& request) {
  Page out;
  out.page.first = rows.rows() == 0 ? 1 : rows.offset(0, kFirst);
  if (rows.rows() == 0 || rows.null(0, kMessage)) return out;
  std::size_t bytes = 0;
  for (int i = 0; i < rows.rows(); ++i) {
    auto message = message_of(rows, i, kMessage, request.room);
    if (!message.ok()) return message.status();
    bytes += message->bytes();
    if (i > 0 && bytes > request.bytes_max) {
      out.full = true;
      break;
    }
    out.page.messages.push_back(*std::move(message));
  }
  out.full =
      out.full || out.page.messages.size() >= request.messages_max || bytes >= request.bytes_max;
  return out;
}

bool has_all_known(const Page& page, const PageRequest& request) {
  const auto& messages = page.page.messages;
  if (request.direction == Direction::kUp) {
    std::uint64_t next = std::max(request.cursor + 1, page.page.first);
    for (const StoredMessage& message : messages) {
      if (message.offset != next++) return false;
    }
    return next > request.stored_top || (page.full && !messages.empty());
  }
  const std::uint64_t below = request.cursor == 0 ? 0 : request.cursor - 1;
  std::uint64_t next = std::min(below, request.stored_top);
  if (!messages.empty()) {
    if (messages.front().offset < next) return false;
    next = messages.front().offset;
  }
  for (const StoredMessage& message : messages) {
    if (message.offset != next--) return false;
  }
  return next < page.page.first || (page.full && !messages.empty());
}

}  // namespace madang::postgres
