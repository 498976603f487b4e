// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "protocol/centrifuge/client_session.h"
#include "protocol/centrifuge/delta.h"

namespace madang::centrifuge {

void ClientSession::execute(std::uint32_t id, SubscribeCommand command) {
  if (!check_room(id, command.join.request.room)) return;
  if (command.not_offered) return refuse(id, absl::UnimplementedError("kind of subscription"));
  // A room need not agree to deltas, and the client is told. But a format that nobody knows is a
  // mistake of the client's, which would never come to light if it got whole messages instead.
  command.join.request.delta = command.delta == kDeltaFormat;
  if (!command.delta.empty() && !command.join.request.delta) {
    return refuse(id, absl::InvalidArgumentError("unknown delta format"));
  }

  auto since = command.join.since;
  session_->join_command(
      std::move(command.join),
      answer<JoinResult>(id, [since = std::move(since)](JoinResult joined) -> ReplyBody {
        if (since) answer_from(*since, joined);
        return SubscribeReply{std::move(joined)};
      }));
}

void ClientSession::execute(std::uint32_t id, UnsubscribeCommand command) {
  if (!check_room(id, command.room)) return;
  // Being out of a room is all that was asked for.
  auto done = [this, id](absl::StatusOr<bool> left) {
    if (!left.ok() && !absl::IsNotFound(left.status())) return refuse(id, left.status());
    reply(id, UnsubscribeReply{});
  };
  session_->leave_command(command.room, std::move(done));
}

// A client that recovers is told the position it asked from, and moves on with each message; the
// SDKs would skip them if they were told the newest.
void ClientSession::answer_from(const StreamPosition& since, JoinResult& joined) {
  if (joined.recovered && joined.position) joined.position->offset = since.offset;
}

}  // namespace madang::centrifuge
