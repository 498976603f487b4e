// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "madang/base/callback.h"
#include "madang/pipeline/write_behind.h"
#include "madang/storage/message_store.h"

namespace madang {

// What a pipeline is bounded by where somebody waits for each record: a batch waits for nothing but
// the one before it.
inline WriteBehindLimits group_commit_limits() {
  WriteBehindLimits limits;
  limits.batch_delay = Duration(0);
  limits.age_max = std::chrono::seconds(30);
  return limits;
}

// Where rooms stay that are to outlive the process: see RoomOptions::durability.
struct StorageOptions {
  // Not opened yet: the engine opens it, and closes it as the last thing of drain(). Null: no room
  // is stored.
  //
  // It lives until the lanes no longer run, and is destroyed before their schedulers and the engine
  // are: until then it may be answering.
  MessageStore* store = nullptr;

  // Of kWriteBehind rooms. age_max is how long a message may be in memory alone, and so what a
  // crash can lose; at any bound publishes are answered ResourceExhausted.
  WriteBehindLimits write_behind = {};
  // Of kDurable rooms.
  WriteBehindLimits durable = group_commit_limits();
  // How long drain() waits for the store at the end. What is not stored then is lost, and the store
  // is told nothing, so that rooms begin new epochs.
  Duration flush_timeout = std::chrono::seconds(20);

  // Gets what the store refused for its content, or could never take, from a kWriteBehind room: a
  // message that was delivered and will not be stored. Must not wait. On the first lane.
  absl::AnyInvocable<void(const StoredMessage&, const absl::Status&)> set_aside = {};
  // The store is open, or never will be. On the first lane.
  StatusCallback opened = {};
};

// How the store keeps up; see WriteBehindState.
struct StorageState {
  bool open = false;
  WriteBehindState write_behind;
  WriteBehindState durable;
};

}  // namespace madang
