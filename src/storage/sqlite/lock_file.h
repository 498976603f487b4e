// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace madang::sqlite {

// How far a store had come.
struct Mark {
  std::string lineage = {};
  std::int64_t commits = 0;
};

// The file beside the store that its one writer holds locked, until it lets go or dies. In it
// stands how far the store has come, so that a store that has gone back is noticed. It need not be
// synced for that: after a loss of power it may only be behind.
class LockFile {
 public:
  LockFile() = default;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile() { release(); }

  // FailedPrecondition while somebody else has it, and if it cannot be made there.
  absl::Status take(const std::string& path);
  void release();

  // Nothing if none was ever written, or what is there cannot be read.
  std::optional<Mark> read() const;
  void write(const Mark& mark);
  absl::Status write_and_sync(const Mark& mark);

 private:
  int file_ = -1;
};

// Tells a file from a copy of it: where it lies, and when it was made. Empty if it is not there.
std::string identity_of_file(const std::string& path);

}  // namespace madang::sqlite
