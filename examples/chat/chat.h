// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "madang/engine.h"
#include "madang/storage/message_store.h"

namespace chat {

// The rules of the chat: who may come in, where to, and what is said there. Everything else is the
// engine's.
//
// Handlers run on several threads at once; the list of rooms is all that they share.
class Chat {
 public:
  // Messages stay in `store`, which outlives the chat.
  explicit Chat(madang::MessageStore& store) : store_(store) {}

  // What the engine asks. The chat outlives the engine.
  madang::Handlers handlers();

 private:
  using Session = madang::Session;

  static void connect(Session& session, const madang::ConnectRequest& request,
                      madang::Reply<madang::ConnectAnswer> reply);
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
