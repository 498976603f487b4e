// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the page and the server say to each other in JSON. What comes from the page is checked here
// and nowhere else.
namespace chat {

// Who says something: the user id that the login gave, and the name that goes with it.
struct Person {
  std::string user;
  std::string name;
};

// Who wants to log in: {"name": "...", "pass": "..."}. The pass is empty if there is none, and may
// be anything.
struct Entry {
  std::string name;
  std::string pass;
};

// What a page wants to say: {"id": "...", "text": "..."}. The id is the page's own, up to 64
// letters, digits and "-".
struct Draft {
  std::string id;
  std::string text;
};

// Nothing if it is anything else.
std::optional<Entry> read_entry(std::string_view json);
std::optional<Draft> read_draft(std::string_view json);

// {"name": "..."}: what the others are told of a person.
std::string write_info(std::string_view name);
std::optional<std::string> read_info(std::string_view json);

// {"id", "text", "name", "user", "time"}: a message as the room keeps it.
std::string write_message(const Draft& draft, const Person& author, std::int64_t time_ms);

// `text`, which is UTF-8, as a JSON string with its quotation marks.
std::string json_string(std::string_view text);

// A room is "chat:" and up to 32 letters, digits, "-" and "_"; letters of any script.
inline constexpr std::string_view kRoomKind = "chat";
inline constexpr std::string_view kRoomPrefix = "chat:";
bool is_room(std::string_view room);

}  // namespace chat
