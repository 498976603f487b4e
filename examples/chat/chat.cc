// SPDX-License-Identifier: Apache-2.0
#include "chat.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "madang/access/access.h"
#include "message.h"
#include "search.h"

namespace chat {
namespace {

constexpr std::size_t kRoomsListedMax = 100;

// All rooms are alike: what is said stays, and nobody is told that it was said before it is stored;
// of it an hour is in memory. They know who is there, and say when a person (not each of their
// tabs) comes or goes.
madang::RoomKind room_kind() {
  madang::RoomKind kind{.subscribe = madang::Who::kAsk, .publish = madang::Who::kAsk};
  kind.options.history = {.messages_max = 1'000, .age_max = std::chrono::hours(1)};
  kind.options.durability = madang::Durability::kDurable;
  kind.options.idempotency_ttl = std::chrono::hours(1);
  kind.options.presence = true;
  kind.options.announce = madang::Announce::kByUser;
  return kind;
}

}  // namespace

absl::StatusOr<madang::Handlers> Chat::handlers(
    std::shared_ptr<const madang::TokenVerifier> tokens) {
  auto kinds = madang::RoomKinds::make({{std::string(kRoomKind), room_kind()}});
  if (!kinds.ok()) return kinds.status();
  madang::AccessOptions access{.kinds = *std::move(kinds), .tokens = std::move(tokens)};
  access.host.join = [this](Session& session, const madang::JoinRequest& request,
                            madang::Reply<madang::JoinAnswer> reply) {
    join(session, request, std::move(reply));
  };
  access.host.publish = publish;
  access.host.rpc = [this](Session& session, const madang::RpcRequest& request,
                           madang::Reply<madang::RpcAnswer> reply) {
    rpc(session, request, std::move(reply));
  };
  return madang::make_access(std::move(access));
}

// Everybody may come into every room, and makes it by coming in.
void Chat::join(Session&, const madang::JoinRequest& request,
                madang::Reply<madang::JoinAnswer> reply) {
  if (!is_room(request.room)) return reply.refuse();
  list_room(request.room);
  reply.accept();
}

// A page says what is said; who says it, and when, is said by the server, which has it from their
// token. The id that the page gave its message is the idempotency key, so that a page that lost the
// answer may ask again.
void Chat::publish(Session& session, const madang::PublishRequest& request,
                   madang::Reply<madang::PublishAnswer> reply) {
  const auto draft = read_draft(request.data.view());
  if (!draft) return reply.refuse(absl::InvalidArgumentError("not a message"));
  if (!session.in_room(request.room)) return reply.refuse();
  const auto name = read_info(session.info()->connection_info.view());
  if (!name) return reply.refuse();
  const auto now = session.engine().scheduler(session.lane()).wall_now();
  madang::PublishAnswer answer;
  answer.data =
      write_message(*draft, {std::string(session.user()), *name}, now.time_since_epoch().count());
  answer.idempotency_key = draft->id;
  reply.accept(std::move(answer));
}

void Chat::rpc(Session& session, const madang::RpcRequest& request,
               madang::Reply<madang::RpcAnswer> reply) {
  if (request.method == "rooms") return reply.accept({.data = write_rooms(session)});
  if (request.method == "search" && store_.search() != nullptr) {
    return search(*store_.search(), session, request, std::move(reply));
  }
  reply.refuse(absl::UnimplementedError("no such method"));
}

void Chat::list_room(const std::string& room) {
  const std::lock_guard lock(mutex_);
  if (rooms_.size() < kRoomsListedMax) rooms_.insert(room);
}

// {"rooms":[{"name":"lobby","people":3}]}: the rooms that are in use or remember something.
std::string Chat::write_rooms(Session& session) {
  for (const std::string& room : session.rooms())
    list_room(room);
  std::set<std::string> rooms;
  {
    const std::lock_guard lock(mutex_);
    rooms = rooms_;
  }
  std::string list;
  for (const std::string& room : rooms) {
    const auto stats = session.engine().presence_stats(room);
    if (!stats.ok()) {
      const std::lock_guard lock(mutex_);
      rooms_.erase(room);
      continue;
    }
    list +=
        fmt::format(R"({}{{"name":{},"people":{}}})", list.empty() ? "" : ",",
                    json_string(std::string_view(room).substr(kRoomPrefix.size())), stats->users);
  }
  return fmt::format(R"({{"rooms":[{}]}})", list);
}

}  // namespace chat
