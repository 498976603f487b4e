// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/command_order.h"
#include "engine/requests.h"
#include "madang/base/time.h"

namespace madang {

struct Subscription;

// What a session has under way. A quiet session has none of it, and then not even the memory: it is
// made when something begins, and let go at the end of a turn that leaves nothing.
struct SessionWork {
  CommandOrder order;
  Requests requests;
  std::vector<Subscription*> behind;  // the next to be served in front
  MonoTime write_progress;            // while the transport keeps a write: when it last took bytes

  bool idle() const { return order.idle() && requests.size() == 0 && behind.empty(); }
};

}  // namespace madang
