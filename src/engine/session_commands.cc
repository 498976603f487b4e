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
  work().order.run(room,
                   [this, room, request = std::move(request), done = std::move(done)]() mutable {
                     ask<PublishRequest, PublishAnswer>(
                         lane_.next_number(), core().handlers().publish, request,
                         [this, room, data = request.data,
                          done = std::move(done)](absl::StatusOr<PublishAnswer> answer) mutable {
                           if (answer.ok()) {
                             publish_accepted(room, std::move(data), *std::move(answer), done);
                           } else {
                             done(answer.status());
                           }
                           work().order.finish(room);
                         });
                   });
}

void SessionImpl::publish_accepted(const std::string& room, Payload data, PublishAnswer answer,
                                   Callback<bool>& done) {
  const bool checked = protocol_->json_only() && !answer.data;
  Publication publication;
  publication.data = answer.data ? *std::move(answer.data) : std::move(data);
  publication.info = info_;
  publication.tags = std::move(answer.tags);
  if (!answer.idempotency_key.empty()) {
    // User ids hold no NUL of ours to confuse them with keys: the length goes first.
    publication.idempotency_key =
        std::to_string(user().size()) + ':' + user() + ':' + std::move(answer.idempotency_key);
  }
  publication.keep = answer.keep;
  if (answer.exclude_sender) publication.exclude = client();
  const auto published = core().publish_now(room, std::move(publication), checked);
  if (published.ok()) {
    done(true);
  } else {
    done(published.status());
  }
}

template <typename Result>
void SessionImpl::read_room(std::string room, ReadRequest::What what, Callback<Result> done,
                            absl::StatusOr<Result> (*read)(Engine&, const std::string&,
                                                           const HistoryQuery&),
                            HistoryQuery query) {
  if (auto status = core().check_name(room); !status.ok()) return done(std::move(status));
  work().order.run(
      room, [this, room, what, read, query = std::move(query), done = std::move(done)]() mutable {
        if (!core().handlers().read) {
          done(in_room(room) ? read(engine(), room, query)
                             : absl::PermissionDeniedError("not a member of the room"));
          return work().order.finish(room);
        }
        ask<ReadRequest, ReadAnswer>(
            lane_.next_number(), core().handlers().read, ReadRequest{room, what},
            [this, room, read, query = std::move(query),
             done = std::move(done)](absl::StatusOr<ReadAnswer> answer) mutable {
              done(answer.ok() ? read(engine(), room, query) : answer.status());
              work().order.finish(room);
            });
      });
}

void SessionImpl::presence_command(std::string room, Callback<std::vector<ClientInfoRef>> done) {
  read_room<std::vector<ClientInfoRef>>(std::move(room), ReadRequest::What::kPresence,
                                        std::move(done),
                                        [](Engine& engine, const std::string& name,
                                           const HistoryQuery&) { return engine.presence(name); },
                                        {});
}

void SessionImpl::presence_stats_command(std::string room, Callback<PresenceStats> done) {
  read_room<PresenceStats>(std::move(room), ReadRequest::What::kPresence, std::move(done),
                           [](Engine& engine, const std::string& name, const HistoryQuery&) {
                             return engine.presence_stats(name);
                           },
                           {});
}

void SessionImpl::history_command(std::string room, HistoryQuery query,
                                  Callback<HistoryResult> done) {
  read_room<HistoryResult>(
      std::move(room), ReadRequest::What::kHistory, std::move(done),
      [](Engine& engine, const std::string& name, const HistoryQuery& wanted) {
        return engine.history(name, wanted);
      },
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
