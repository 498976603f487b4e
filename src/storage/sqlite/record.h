// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "madang/storage/message_store.h"

namespace madang::sqlite {

// A sum over the columns of a row, so that a flipped bit is noticed: SQLite itself has none.
class Seal {
 public:
  Seal& add(std::uint64_t value);
  Seal& add(std::string_view bytes);
  std::int64_t value() const;

 private:
  std::string text_;
};

// Writes `message` into `record`, apart from its room, offset and time, which have columns of their
// own, but are sealed with it. `previous` is the message stored before it in its room; 0: none.
void encode(const StoredMessage& message, std::int64_t room, std::uint64_t previous,
            std::string& record);

// Fills what encode() wrote into `message`, which has its room, offset and time. False if it is not
// what was written.
bool decode(std::string_view record, std::int64_t room, StoredMessage& message,
            std::uint64_t& previous);

// Of a row of `keys`.
std::int64_t seal_of_key(std::int64_t row, std::int64_t time_ms, std::string_view key);

inline std::int64_t ms_of(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime time_of_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace madang::sqlite
