// SPDX-License-Identifier: Apache-2.0
#include "stream_table.h"

#include <utility>

namespace madang {

void StreamTable::add(const StreamSecret& secret, Place place) {
  Part& part = part_of(secret);
  const std::lock_guard lock(part.mutex);
  part.places.insert_or_assign(secret, std::move(place));
}

void StreamTable::remove(const StreamSecret& secret) {
  Part& part = part_of(secret);
  const std::lock_guard lock(part.mutex);
  part.places.erase(secret);
}

std::optional<StreamTable::Place> StreamTable::find(const StreamSecret& secret) {
  Part& part = part_of(secret);
  const std::lock_guard lock(part.mutex);
  const auto found = part.places.find(secret);
  if (found == part.places.end()) return std::nullopt;
  return found->second;
}

}  // namespace madang
