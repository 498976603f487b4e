// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "engine/command_order.h"
#include "engine/member_table.h"
#include "engine/requests.h"
#include "madang/base/time.h"
#include "madang/room/room_options.h"

namespace madang {

// Of a session whose messages wait for each other: ConnectAnswer::batch.
struct WriteGathering {
  BatchOptions batch;
  MonoTime written = MonoTime::min();  // the last time that it wrote
  bool timer_set = false;
};

// What few sessions have, and then for as long as they live.
struct SessionExtra {
  WallTime expires = kNeverExpires;
  std::shared_ptr<void> attachment;
};

// What a session has under way. A quiet session has none of it, and then not even the memory: it is
// made when something begins, and let go at the end of a turn that leaves nothing.
struct SessionWork {
  CommandOrder order;
  Requests requests;
  std::vector<Subscription*> behind;  // the next to be served in front
  MonoTime write_progress;            // while the transport keeps a write: when it last took bytes

  std::unique_ptr<WriteGathering> gathering;  // null: it writes every turn

  bool idle() const {
    return order.idle() && requests.size() == 0 && behind.empty() && gathering == nullptr;
  }
};

}  // namespace madang
