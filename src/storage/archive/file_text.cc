// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/file_text.h"

#include "storage/message_line.h"

namespace madang::archive {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kFormat = 1;

absl::Status damaged(const char* what) { return absl::DataLossError(what); }

}  // namespace

void append_line(std::string& out, const Header& header) {
  out += "{\"madang_archive\":" + std::to_string(kFormat);
  line::put_bytes(out, "room", header.room);
  line::put_bytes(out, "month", header.month);
  line::put_number(out, "first", header.first);
  line::put_number(out, "last", header.last);
  line::put_number(out, "messages", header.messages);
  out += "}\n";
}

void append_line(std::string& out, const StoredMessage& message) {
  out += '{';
  line::put_message(out, message);
  out += "}\n";
}

absl::StatusOr<std::vector<StoredMessage>> parse_text(std::string_view text, Header& header) {
  dom::parser parser;
  dom::object object;
  std::vector<StoredMessage> messages;
  for (bool first_line = true; !text.empty(); first_line = false) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return damaged("its last line is cut");
    if (parser.parse(text.data(), end).get(object) != simdjson::SUCCESS) {
      return damaged("a line of it is no JSON");
    }
    text.remove_prefix(end + 1);
    line::Members members(object);
    if (first_line) {
      if (!members.has("madang_archive")) return damaged("it is no file of an archive");
      if (members.number("madang_archive") != kFormat) {
        return damaged("its format is newer than this library");
      }
      header.room = members.bytes("room");
      header.month = members.bytes("month");
      header.first = members.offset("first");
      header.last = members.offset("last");
      header.messages = static_cast<std::size_t>(members.offset("messages"));
    } else {
      messages.push_back(line::message_of(members));
      messages.back().room = header.room;
    }
    if (!members.ok()) return damaged("a line of it is not what was written");
  }
  return messages;
}

}  // namespace madang::archive
