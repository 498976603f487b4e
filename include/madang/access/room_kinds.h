// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/base/hash.h"
#include "madang/room/room_options.h"

namespace madang {

// Who may do a thing in a room.
enum class Who : std::uint8_t {
  kNobody,    // no client; to come in, only with a subscription token
  kMembers,   // sessions that are in the room
  kUsers,     // whoever is logged in
  kEveryone,  // guests too
  kAsk,       // the host's own handler says
};

// How the rooms of one kind behave, and who may do what in them. The host may always do all of it.
struct RoomKind {
  RoomOptions options = {};
  // Who comes in without a subscription token. Not kMembers.
  Who subscribe = Who::kNobody;
  Who publish = Who::kNobody;
  Who presence = Who::kMembers;
  Who history = Who::kMembers;
};

// What the characters of a room's name say about it. An empty mark says nothing, and then names may
// contain it.
struct RoomMarks {
  // What is before the first of these is the name of the kind: "chat:42". Not empty.
  std::string kind = ":";
  // A room that begins with this is entered by a subscription token alone, whatever its kind says.
  std::string only_with_token = "$";
  // Behind the first of these stand the users the room is for, and nobody else gets in, with a
  // token either: "#42" is the room of user 42, "talk#42,43" that of two.
  std::string users = "#";
  std::string between_users = ",";
};

// Tells from a room's name of which kind it is. Immutable; any thread.
class RoomKinds {
 public:
  // `kinds` by their names; the empty name is that of rooms whose own names name no kind, without
  // which there are none of these.
  //
  // InvalidArgument, naming the kind: a name twice, or with a mark in it; kMembers to come in;
  // options that contradict each other.
  static absl::StatusOr<RoomKinds> make(std::vector<std::pair<std::string, RoomKind>> kinds,
                                        RoomMarks marks = {});

  // The kind of a room; null if there is no such kind, and so no such room. Valid as long as this
  // object.
  const RoomKind* find(std::string_view room) const;

  bool only_with_token(std::string_view room) const;
  bool names_users(std::string_view room) const;
  // Whether the room is for this user: rooms that name no users are for all.
  bool is_for(std::string_view room, std::string_view user) const;
  // The room of one user among those of a kind: "#42", "news:#42". Empty if users have none:
  // guests, and those whose id could be read as something else.
  std::string personal_room(std::string_view kind, std::string_view user) const;

 private:
  RoomKinds() = default;

  StringMap<RoomKind> kinds_;
  RoomMarks marks_;
};

}  // namespace madang
