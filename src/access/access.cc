// SPDX-License-Identifier: Apache-2.0
#include "madang/access/access.h"

#include <optional>
#include <utility>
#include <variant>

#include "madang/base/status.h"
#include "madang/engine/engine.h"
#include "madang/engine/session.h"

namespace madang {
namespace {

constexpr std::uint32_t kExpiredCode = 110;

WallTime wall_now(Session& session) {
  return session.engine().scheduler(session.lane()).wall_now();
}

absl::Status not_allowed() { return absl::PermissionDeniedError("permission denied"); }

// What becomes of whoever brings a bad token: an error, or the session's end.
using Refusal = std::variant<absl::Status, CloseReason>;

// Answers for a token that is not good, and says so. One of another user, session or room ends the
// session wherever it is shown.
template <typename Answer>
bool refused(const TokenVerdict& token, const Refusal& expired, const Refusal& invalid,
             Reply<Answer>& reply) {
  if (token.good()) return false;
  const Refusal mismatch = kInvalidToken;
  const Refusal& refusal = token.outcome == TokenOutcome::kExpired   ? expired
                           : token.outcome == TokenOutcome::kInvalid ? invalid
                                                                     : mismatch;
  if (const auto* status = std::get_if<absl::Status>(&refusal)) {
    reply.refuse(*status);
  } else {
    reply.close(std::get<CloseReason>(refusal));
  }
  return true;
}

// One object that all handlers share, so that they may be called after whoever made them is gone.
class Access : public std::enable_shared_from_this<Access> {
 public:
  explicit Access(AccessOptions options) : options_(std::move(options)) {}

  const RoomKinds& kinds() const { return options_.kinds; }
  const Handlers& host() const { return options_.host; }

  void connect(Session& session, const ConnectRequest& request, Reply<ConnectAnswer> reply) const {
    if (request.token.empty()) {
      if (host().connect) return ask_host(session, request, std::move(reply));
      if (!options_.guests && !options_.open) return reply.close(kBadRequest);
      return reply.accept({.batch = options_.batch});
    }
    const auto token = verify_connection(session, request.token);
    if (refused(token, token_expired_error(), kInvalidToken, reply)) return;
    auto answer = answer_of(*token.claims);
    if (!answer.ok()) return reply.refuse(answer.status());
    reply.accept(*std::move(answer));
  }

  void join(Session& session, const JoinRequest& request, Reply<JoinAnswer> reply) const {
    const RoomKind* const kind = kinds().find(request.room);
    if (kind == nullptr) return reply.refuse(absl::NotFoundError("no such kind of rooms"));
    if (!is_for(request.room, session)) return reply.refuse();
    if (request.token.empty()) {
      if (options_.open) return reply.accept();
      if (kinds().only_with_token(request.room)) return reply.refuse();
      // A room that names its users is open to them.
      const bool by_name = kinds().names_users(request.room) && kind->subscribe == Who::kNobody;
      const Who who = by_name ? Who::kUsers : kind->subscribe;
      return decide(who, host().join, session, request, std::move(reply));
    }
    const auto token = verify_subscription(session, request.token, request.room);
    if (refused(token, token_expired_error(), not_allowed(), reply)) return;
    JoinAnswer answer;
    answer.room_info = token.claims->info;
    answer.expires = token.claims->ends;
    reply.accept(std::move(answer));
  }

  void publish(Session& session, const PublishRequest& request, Reply<PublishAnswer> reply) const {
    const auto* const kind = kind_for(session, request.room, reply);
    if (kind != nullptr) decide(kind->publish, host().publish, session, request, std::move(reply));
  }

  void read(Session& session, const ReadRequest& request, Reply<ReadAnswer> reply) const {
    const auto* const kind = kind_for(session, request.room, reply);
    if (kind == nullptr) return;
    const bool presence = request.what == ReadRequest::What::kPresence;
    decide(presence ? kind->presence : kind->history, host().read, session, request,
           std::move(reply));
  }

  void refresh(Session& session, const RefreshRequest& request, Reply<RefreshAnswer> reply) const {
    if (request.token.empty()) {
      if (!host().refresh) return reply.refuse();
      return host().refresh(session, request, std::move(reply));
    }
    if (!request.room.empty()) return refresh_subscription(session, request, std::move(reply));
    auto token = verify_connection(session, request.token);
    if (token.good())
      static_cast<TokenVerdict&>(token) = match_connection(*token.claims, user(session));
    if (refused(token, kExpired, kInvalidToken, reply)) return;
    RefreshAnswer answer;
    answer.expires = token.claims->ends;
    answer.connection_info = token.claims->info;
    reply.accept(std::move(answer));
  }

 private:
  static std::string_view user(Session& session) { return session.user(); }

  TokenResult<ConnectionClaims> verify_connection(Session& session, std::string_view token) const {
    if (options_.tokens == nullptr)
      return {{TokenOutcome::kInvalid, "no tokens are known"}, nullptr};
    return options_.tokens->verify_connection(token, wall_now(session));
  }

  // Whether it is a good one, and for this session and room.
  TokenResult<SubscriptionClaims> verify_subscription(Session& session, std::string_view token,
                                                      std::string_view room) const {
    if (options_.tokens == nullptr)
      return {{TokenOutcome::kInvalid, "no tokens are known"}, nullptr};
    auto result = options_.tokens->verify_subscription(token, wall_now(session));
    if (result.good()) {
      static_cast<TokenVerdict&>(result) =
          match_subscription(*result.claims, user(session), session.client().text(), room);
    }
    return result;
  }

  void refresh_subscription(Session& session, const RefreshRequest& request,
                            Reply<RefreshAnswer> reply) const {
    const auto token = verify_subscription(session, request.token, request.room);
    const auto expired = client_error({.code = kExpiredCode, .message = "expired"});
    if (refused(token, expired, not_allowed(), reply)) return;
    RefreshAnswer answer;
    answer.expires = token.claims->ends;
    reply.accept(std::move(answer));
  }

  absl::StatusOr<ConnectAnswer> answer_of(const ConnectionClaims& claims) const {
    ConnectAnswer answer;
    answer.batch = options_.batch;
    answer.user = claims.user;
    answer.connection_info = claims.info;
    answer.expires = claims.ends;
    for (const TokenSubscription& room : claims.subscriptions) {
      if (!options_.open && !kinds().is_for(room.room, claims.user)) {
        return absl::PermissionDeniedError("the token names a room of others");
      }
      answer.rooms.emplace_back(room.room, JoinOptions{.room_info = room.info, .data = room.data});
    }
    add_personal_room(answer);
    return answer;
  }

  void add_personal_room(ConnectAnswer& answer) const {
    if (!options_.personal_rooms) return;
    auto room = kinds().personal_room(options_.personal_kind, answer.user);
    if (!room.empty()) answer.rooms.emplace_back(std::move(room), JoinOptions());
  }

  // The host says who it is, and the rest is as for others.
  void ask_host(Session& session, const ConnectRequest& request, Reply<ConnectAnswer> reply) const {
    class Sink final : public Reply<ConnectAnswer>::Sink {
     public:
      Sink(std::shared_ptr<const Access> access, Reply<ConnectAnswer> reply)
          : access_(std::move(access)), reply_(std::move(reply)) {}
      void answer(absl::StatusOr<ConnectAnswer> answer) override {
        if (!answer.ok()) return reply_.refuse(answer.status());
        access_->add_personal_room(*answer);
        if (answer->batch.delay == Duration::zero()) answer->batch = access_->options_.batch;
        reply_.accept(*std::move(answer));
      }
      void close(const CloseReason& reason) override { reply_.close(reason); }

     private:
      const std::shared_ptr<const Access> access_;
      Reply<ConnectAnswer> reply_;
    };
    host().connect(
        session, request,
        Reply<ConnectAnswer>(std::make_shared<Sink>(shared_from_this(), std::move(reply))));
  }

  bool is_for(std::string_view room, Session& session) const {
    return options_.open || kinds().is_for(room, user(session));
  }

  // Null if the session has nothing to do there, which has been answered then.
  template <typename Answer>
  const RoomKind* kind_for(Session& session, std::string_view room, Reply<Answer>& reply) const {
    const RoomKind* const kind = kinds().find(room);
    if (kind == nullptr) {
      reply.refuse(absl::NotFoundError("no such kind of rooms"));
      return nullptr;
    }
    if (is_for(room, session)) return kind;
    reply.refuse();
    return nullptr;
  }

  template <typename Request, typename Answer>
  void decide(Who who, const Handlers::Asks<Request, Answer>& handler, Session& session,
              const Request& request, Reply<Answer> reply) const {
    if (options_.open) return reply.accept();
    bool may = false;
    switch (who) {
      case Who::kNobody:
        break;
      case Who::kMembers:
        may = session.in_room(request.room);
        break;
      case Who::kUsers:
        may = !user(session).empty();
        break;
      case Who::kEveryone:
        may = true;
        break;
      case Who::kAsk:
        if (handler) return handler(session, request, std::move(reply));
        return reply.refuse(absl::UnimplementedError("the host has no handler for it"));
    }
    if (!may) return reply.refuse();
    reply.accept();
  }

  const AccessOptions options_;
};

}  // namespace

absl::StatusOr<Handlers> make_access(AccessOptions options) {
  if (options.personal_rooms) {
    const std::string room = options.kinds.personal_room(options.personal_kind, "user");
    if (room.empty() || options.kinds.find(room) == nullptr) {
      return absl::InvalidArgumentError("there is no such kind for personal rooms");
    }
  }
  // What the host answers by itself is moved out; the rest stays where Access asks for it.
  Handlers handlers;
  handlers.rpc = std::move(options.host.rpc);
  handlers.message = std::move(options.host.message);
  handlers.connected = std::move(options.host.connected);
  handlers.leave = std::move(options.host.leave);
  handlers.disconnect = std::move(options.host.disconnect);

  const auto access = std::make_shared<const Access>(std::move(options));
  handlers.connect = [access](Session& session, const ConnectRequest& request, auto reply) {
    access->connect(session, request, std::move(reply));
  };
  handlers.join = [access](Session& session, const JoinRequest& request, auto reply) {
    access->join(session, request, std::move(reply));
  };
  handlers.publish = [access](Session& session, const PublishRequest& request, auto reply) {
    access->publish(session, request, std::move(reply));
  };
  handlers.read = [access](Session& session, const ReadRequest& request, auto reply) {
    access->read(session, request, std::move(reply));
  };
  handlers.refresh = [access](Session& session, const RefreshRequest& request, auto reply) {
    access->refresh(session, request, std::move(reply));
  };
  handlers.room_options = [access](std::string_view room) -> std::optional<RoomOptions> {
    const RoomKind* const kind = access->kinds().find(room);
    if (kind == nullptr) return std::nullopt;
    return kind->options;
  };
  return handlers;
}

}  // namespace madang
