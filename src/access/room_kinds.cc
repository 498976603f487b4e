// SPDX-License-Identifier: Apache-2.0
#include "madang/access/room_kinds.h"

#include <fmt/format.h>

namespace madang {
namespace {

bool has_mark(std::string_view text, std::string_view mark) {
  return !mark.empty() && text.find(mark) != std::string_view::npos;
}

// What would make a kind's rooms refuse everybody, or be refused by the engine.
std::string_view contradiction(const RoomKind& kind) {
  const RoomOptions& options = kind.options;
  if (kind.subscribe == Who::kMembers) return "nobody is a member before he comes in";
  const bool drops = options.slow_consumer == SlowConsumer::kDropOldest ||
                     options.slow_consumer == SlowConsumer::kKeepLatest;
  if (options.has_positions() && drops) {
    return "a room with history can not drop messages for slow members";
  }
  if (options.is_stored() && !options.has_positions()) return "a room is stored by its history";
  if (options.recovery == RecoveryMode::kCache && !options.has_positions()) {
    return "the latest message is kept in a history";
  }
  return {};
}

}  // namespace

absl::StatusOr<RoomKinds> RoomKinds::make(std::vector<std::pair<std::string, RoomKind>> kinds,
                                          RoomMarks marks) {
  if (marks.kind.empty()) return absl::InvalidArgumentError("the mark of kinds is empty");
  RoomKinds made;
  for (auto& [name, kind] : kinds) {
    const auto wrong = [&](std::string_view why) {
      return absl::InvalidArgumentError(fmt::format("kind of rooms \"{}\": {}", name, why));
    };
    if (has_mark(name, marks.kind) || has_mark(name, marks.users) ||
        has_mark(name, marks.only_with_token)) {
      return wrong("a mark stands in its name");
    }
    if (const auto why = contradiction(kind); !why.empty()) return wrong(why);
    if (!made.kinds_.emplace(name, std::move(kind)).second) return wrong("is there twice");
  }
  made.marks_ = std::move(marks);
  return made;
}

bool RoomKinds::only_with_token(std::string_view room) const {
  return !marks_.only_with_token.empty() && room.starts_with(marks_.only_with_token);
}

const RoomKind* RoomKinds::find(std::string_view room) const {
  if (only_with_token(room)) room.remove_prefix(marks_.only_with_token.size());
  // Users are named last, and their ids may be of any characters.
  if (!marks_.users.empty()) room = room.substr(0, room.find(marks_.users));
  const auto end = room.find(marks_.kind);
  const auto found =
      kinds_.find(end == std::string_view::npos ? std::string_view() : room.substr(0, end));
  return found == kinds_.end() ? nullptr : &found->second;
}

bool RoomKinds::names_users(std::string_view room) const { return has_mark(room, marks_.users); }

bool RoomKinds::is_for(std::string_view room, std::string_view user) const {
  if (!names_users(room)) return true;
  const auto mark = room.find(marks_.users);
  if (user.empty()) return false;
  auto users = room.substr(mark + marks_.users.size());
  if (marks_.between_users.empty()) return users == user;
  for (;;) {
    const auto end = users.find(marks_.between_users);
    if (users.substr(0, end) == user) return true;
    if (end == std::string_view::npos) return false;
    users.remove_prefix(end + marks_.between_users.size());
  }
}

std::string RoomKinds::personal_room(std::string_view kind, std::string_view user) const {
  if (user.empty() || marks_.users.empty() || has_mark(user, marks_.between_users)) return {};
  const std::string_view mark = kind.empty() ? std::string_view() : marks_.kind;
  return fmt::format("{}{}{}{}", kind, mark, marks_.users, user);
}

}  // namespace madang
