// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "madang/base/payload.h"
#include "madang/room/event.h"

namespace madang::centrifuge {

// Appends one JSON object: the opening brace as it is made, the closing one as it goes. Names are
// literals that need no escaping; a nested object goes before the next member of its parent.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  // The place for a value of any kind, which follows at once.
  std::string& member(std::string_view name);
  // The same for a name from outside.
  std::string& entry(std::string_view name);

  JsonObject object(std::string_view name) { return JsonObject(member(name)); }
  void json(std::string_view name, std::string_view value) { member(name) += value; }
  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, std::uint64_t value);
  void yes(std::string_view name) { member(name) += "true"; }

 private:
  void comma();

  std::string& out_;
  bool first_ = true;
};

// Writes what the host gives to one client, if it gives anything. The engine has not seen whether
// it is JSON: false if it is not, and nothing is written.
bool write_host_payload(std::string_view name, const Payload& payload, JsonObject& out);

// What the engine has checked.
void append_json(const ClientInfo& info, std::string& out);
void append_json(const Event& message, std::string_view epoch, std::string& out);
void append_json(const std::vector<EventRef>& messages, std::string_view epoch, std::string& out);

// The same for who has agreed to deltas: data is a string then, with the JSON text of the message,
// or with a patch that makes it out of the message before, where one fits and is smaller.
void append_json_delta(const Event& message, std::string_view epoch, std::string& out);
void append_json_deltas(const std::vector<EventRef>& messages, std::string_view epoch,
                        std::string& out);

}  // namespace madang::centrifuge
