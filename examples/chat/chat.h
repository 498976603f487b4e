// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "madang/auth/token_verifier.h"
#include "madang/engine.h"
#include "madang/storage/message_store.h"

namespace chat {

// The rules of the chat: where people may come in, and what is said there. Who they are the login
// says (login.h), and everything else is the engine's.
//
// Handlers run on several threads at once; the list of rooms is all that they share.
class Chat {
 public:
  // Messages stay in `store`, which outlives the chat.
  explicit Chat(madang::MessageStore& store) : store_(store) {}

  // What the engine asks. Only those come in whose tokens are good. The chat outlives the engine.
  absl::StatusOr<madang::Handlers> handlers(std::shared_ptr<const madang::TokenVerifier> tokens);

 private:
  using Session = madang::Session;

  void join(Session& session, const madang::JoinRequest& request,
            madang::Reply<madang::JoinAnswer> reply);
  static void publish(Session& session, const madang::PublishRequest& request,
                      madang::Reply<madang::PublishAnswer> reply);
  void rpc(Session& session, const madang::RpcRequest& request,
           madang::Reply<madang::RpcAnswer> reply);

  void list_room(const std::string& room);
  std::string write_rooms(Session& session);

  madang::MessageStore& store_;
  std::mutex mutex_;
  std::set<std::string> rooms_;  // guarded by mutex_; bounded
};

}  // namespace chat
