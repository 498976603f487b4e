// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "madang/storage/message_store.h"

// The host's database. This one is a map that outlives the stores over it; put yours in its place.
struct Database {
  struct Room {
    std::string epoch;
    std::uint64_t top = 0, term = 0;  // the newest offset ever, and the writer who began the epoch
    std::map<std::uint64_t, madang::StoredMessage> messages;
    std::uint64_t first() const { return messages.empty() ? top + 1 : messages.begin()->first; }
  };
  std::mutex mutex;
  std::map<std::string, Room> rooms;
  std::uint64_t term = 0, unclean_term = 0;  // the writers are counted; the last that did not close
  bool written = false, clean = true;        // somebody writes now; the last one has closed

  // Lets a writer in; answers false while there is another.
  bool enter() {
    const std::lock_guard lock(mutex);
    if (std::exchange(written, true)) return false;
    if (!std::exchange(clean, false)) unclean_term = term;
    ++term;
    return true;
  }
  void leave(bool cleanly) {
    const std::lock_guard lock(mutex);
    written = false;
    clean = cleanly;
  }
};
