// SPDX-License-Identifier: Apache-2.0

// What a session asks for: publishing, reading what a room knows, calls to the host.

#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_ask.h"
#include "engine/session_impl.h"
#include "madang/base/json.h"

namespace madang {

void SessionImpl::publish_command(PublishRequest request, Callback<bool> done) {
  if (auto status = core().check_name(request.room); !status.ok()) return done(std::move(status));
  if (request.data.size() > limits().payload_bytes_max) {
    return done(absl::InvalidArgumentError("message is too large"));
  }
  if (protocol_->json_only()) {
    auto checked = checked_json_of(request.data);
    if (!checked.ok()) return done(checked.status());
    request.data = *std::move(checked);
  }
  const std::string room = request.room;
  work().order.run(
      room, [this, room, request = std::move(request), done = std::move(done)]() mutable {
        ask<PublishRequest, PublishAnswer>(
            lane_.next_number(), core().handlers().publish, request,
            [this, room, data = request.data,
             done = std::move(done)](absl::StatusOr<PublishAnswer> answer) mutable {
              if (answer.ok()) {
                return publish_accepted(room, std::move(data), *std::move(answer), std::move(done));
              }
              done(answer.status());
              work().order.finish(room);
            });
      });
}

void SessionImpl::publish_accepted(const std::string& room, Payload data, PublishAnswer answer,
                                   Callback<bool> done) {
  const bool checked = protocol_->json_only() && !answer.data;
  Publication publication;
  publication.data = answer.data ? *std::move(answer.data) : std::move(data);
  publication.info = info_;
  publication.tags = std::move(answer.tags);
  if (!answer.idempotency_key.empty()) {
    // User ids hold no NUL of ours to confuse them with keys: the length goes first.
    publication.idempotency_key = std::to_string(user().size()) + ':' + std::string(user()) + ':' +
                                  std::move(answer.idempotency_key);
  }
  publication.keep = answer.keep;
  if (answer.exclude_sender) publication.exclude = client();
  Callback<PublishResult> published =
      [this, room, done = std::move(done)](absl::StatusOr<PublishResult> result) mutable {
        done(result.ok() ? absl::StatusOr<bool>(true) : result.status());
        work().order.finish(room);
      };
  // Only a room that is stored may answer later, and from elsewhere.
  if (core().storage() != nullptr) published = expect(lane_.next_number(), std::move(published));
  core().publish_to(room, std::move(publication), checked, std::move(published));
}

template <typename Result>
void SessionImpl::read_room(std::string room, ReadRequest::What what, Callback<Result> done,
                            Read<Result>* read, HistoryQuery query) {
  if (auto status = core().check_name(room); !status.ok()) return done(std::move(status));
  work().order.run(
      room, [this, room, what, read, query = std::move(query), done = std::move(done)]() mutable {
        Callback<Result> finish = [this, room,
                                   done = std::move(done)](absl::StatusOr<Result> result) mutable {
          done(std::move(result));
          work().order.finish(room);
        };
        const auto allowed = [this, room, read, query = std::move(query)](Callback<Result> then) {
          if (core().storage() != nullptr) then = expect(lane_.next_number(), std::move(then));
          read(engine(), room, query, std::move(then));
        };
        if (!core().handlers().read) {
          if (in_room(room)) return allowed(std::move(finish));
          return finish(absl::PermissionDeniedError("not a member of the room"));
        }
        ask<ReadRequest, ReadAnswer>(
            lane_.next_number(), core().handlers().read, ReadRequest{room, what},
            [allowed, finish = std::move(finish)](absl::StatusOr<ReadAnswer> answer) mutable {
              if (answer.ok()) return allowed(std::move(finish));
              finish(answer.status());
            });
      });
}

void SessionImpl::presence_command(std::string room, Callback<std::vector<ClientInfoRef>> done) {
  read_room<std::vector<ClientInfoRef>>(
      std::move(room), ReadRequest::What::kPresence, std::move(done),
      [](Engine& engine, const std::string& name, const HistoryQuery&,
         Callback<std::vector<ClientInfoRef>> then) { then(engine.presence(name)); },
      {});
}

void SessionImpl::presence_stats_command(std::string room, Callback<PresenceStats> done) {
  read_room<PresenceStats>(std::move(room), ReadRequest::What::kPresence, std::move(done),
                           [](Engine& engine, const std::string& name, const HistoryQuery&,
                              Callback<PresenceStats> then) { then(engine.presence_stats(name)); },
                           {});
}

void SessionImpl::history_command(std::string room, HistoryQuery query,
                                  Callback<HistoryResult> done) {
  read_room<HistoryResult>(
      std::move(room), ReadRequest::What::kHistory, std::move(done),
      [](Engine& engine, const std::string& name, const HistoryQuery& wanted,
         Callback<HistoryResult> then) { engine.history(name, wanted, std::move(then)); },
      std::move(query));
}

void SessionImpl::rpc_command(RpcRequest request, Callback<Payload> done) {
  if (request.data.size() > limits().payload_bytes_max) {
    return done(absl::InvalidArgumentError("message is too large"));
  }
  ask<RpcRequest, RpcAnswer>(lane_.next_number(), core().handlers().rpc, request,
                             [done = std::move(done)](absl::StatusOr<RpcAnswer> answer) mutable {
                               if (answer.ok()) {
                                 done(std::move(answer->data));
                               } else {
                                 done(answer.status());
                               }
                             });
}

void SessionImpl::message_command(Payload message) {
  if (!core().handlers().message) return close(kNotAvailable);
  if (message.size() > limits().payload_bytes_max) return close(kBadRequest);
  tell([&] { core().handlers().message(*this, message); });
}

}  // namespace madang
