// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_writer.h"

#include <array>
#include <charconv>
#include <limits>

#include "madang/base/json.h"
#include "protocol/centrifuge/delta.h"
#include "protocol/centrifuge/json_text.h"

namespace madang::centrifuge {

void JsonObject::comma() {
  if (!first_) out_ += ',';
  first_ = false;
}

std::string& JsonObject::member(std::string_view name) {
  comma();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  return out_;
}

std::string& JsonObject::entry(std::string_view name) {
  comma();
  append_json_string(name, out_);
  out_ += ':';
  return out_;
}

void JsonObject::text(std::string_view name, std::string_view value) {
  append_json_string(value, member(name));
}

void JsonObject::number(std::string_view name, std::uint64_t value) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  member(name).append(digits.data(), end);
}

bool write_host_payload(std::string_view name, const Payload& payload, JsonObject& out) {
  if (payload.empty()) return true;
  const auto checked = checked_json_of(payload);
  if (!checked.ok()) return false;
  out.json(name, checked->view());
  return true;
}

void append_json(const ClientInfo& info, std::string& out) {
  JsonObject object(out);
  object.text("user", info.user);
  object.text("client", info.client.text());
  // Clients of a format that takes any bytes may have others; they are left out.
  write_host_payload("conn_info", info.connection_info, object);
  write_host_payload("chan_info", info.room_info, object);
}

namespace {

// A patch is flagged, and its line break, the only character of its own that has to be escaped,
// takes six bytes in place of one.
constexpr std::size_t kPatchOverhead = std::string_view(R"(,"delta":true)").size() + 5;

// All but the data.
void append_rest(const Event& message, std::string_view epoch, JsonObject& object) {
  if (message.info != nullptr) append_json(*message.info, object.member("info"));
  if (message.offset != 0) object.number("offset", message.offset);
  if (!message.tags.empty()) {
    auto tags = object.object("tags");
    for (const auto& [name, value] : message.tags)
      append_json_string(value, tags.entry(name));
  }
  // Who subscribed before there was a stream learns its epoch here.
  if (message.offset == 1) object.text("epoch", epoch);
}

template <typename Append>
void append_list(const std::vector<EventRef>& messages, std::string& out, Append append) {
  out += '[';
  bool first = true;
  for (const auto& message : messages) {
    if (!first) out += ',';
    first = false;
    append(*message);
  }
  out += ']';
}

}  // namespace

void append_json(const Event& message, std::string_view epoch, std::string& out) {
  JsonObject object(out);
  object.json("data", message.data.view());
  append_rest(message, epoch, object);
}

void append_json(const std::vector<EventRef>& messages, std::string_view epoch, std::string& out) {
  append_list(messages, out, [&](const Event& message) { append_json(message, epoch, out); });
}

void append_json_delta(const Event& message, std::string_view epoch, std::string& out) {
  JsonObject object(out);
  const std::string_view patch = patch_of(message, kPatchOverhead);
  object.text("data", patch.empty() ? message.data.view() : patch);
  append_rest(message, epoch, object);
  if (!patch.empty()) object.yes("delta");
}

void append_json_deltas(const std::vector<EventRef>& messages, std::string_view epoch,
                        std::string& out) {
  append_list(messages, out, [&](const Event& message) { append_json_delta(message, epoch, out); });
}

}  // namespace madang::centrifuge
