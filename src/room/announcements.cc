// SPDX-License-Identifier: Apache-2.0
#include "madang/room/announcements.h"

#include <algorithm>

namespace madang {

ClientInfoRef Announcements::add(EventKind kind, std::string key, ClientInfoRef info) {
  const auto opposite = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.kind != kind && entry.key == key;
  });
  if (opposite != entries_.end()) {
    ClientInfoRef taken_back = std::move(opposite->info);
    entries_.erase(opposite);
    return taken_back;
  }
  entries_.push_back({kind, std::move(key), std::move(info)});
  return nullptr;
}

}  // namespace madang
