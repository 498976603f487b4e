// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"

namespace madang {

struct SetAsideOptions {
  // The file; made if it is not there, in a folder that is.
  std::string path;
  // What the file may grow to, and what may wait for the disk, as StoredMessage::bytes() counts. A
  // message that does not fit is dropped, and so is one whose line is above kSetAsideLineBytesMax.
  std::size_t file_bytes_max = std::size_t{256} << 20;
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
  std::size_t waiting_messages_max = 10'000;
};

inline constexpr std::size_t kSetAsideLineBytesMax = std::size_t{64} << 20;

// Where messages go that were delivered and that the store then refused for their content, so that
// an operator finds them: one line of JSON each, with all that was to be stored and why it was not.
//
//   SetAsideFile aside({.path = "refused.ndjson"});
//   options.storage.set_aside = [&aside](const StoredMessage& message, const absl::Status& why) {
//     aside.add(message, why);
//   };
//
// Lines are written on a thread of its own and synced, several that come together with one sync. A
// line that was cut, by a crash or a full disk, stays as it is or goes; the next one begins on a
// new line. The file may be moved away or deleted at any time: the next message makes a new one.
// One process writes it at a time, and another one's messages are dropped meanwhile.
//
// A file that cannot be written costs the messages that come in the meantime; each of them is a new
// try. So that a limit on the size of files is met like this too, a program that has one ignores
// SIGXFSZ.
//
// Lives longer than the engine that calls it. The destructor writes what waits first.
class SetAsideFile {
 public:
  explicit SetAsideFile(SetAsideOptions options);
  ~SetAsideFile();
  SetAsideFile(const SetAsideFile&) = delete;
  SetAsideFile& operator=(const SetAsideFile&) = delete;

  // Does not wait. Any thread.
  void add(const StoredMessage& message, const absl::Status& why);

  // Waits until all that was added before is in the file or dropped. Not on a lane.
  void flush();

  // How many messages are in the file and on its disk, and how many went nowhere, since this object
  // was made; the others wait. Any thread.
  std::uint64_t written() const;
  std::uint64_t dropped() const;
  // Why the last one was dropped; OK: none was. Any thread.
  absl::Status last_failure() const;

 private:
  class State;
  const std::unique_ptr<State> state_;
};

struct SetAsideMessage {
  StoredMessage message = {};
  absl::Status why;
};

struct SetAsidePage {
  std::vector<SetAsideMessage> messages = {};  // the oldest first
  // Lines that are not what was written, and so were left out: cut by a crash, or changed.
  std::size_t damaged = 0;
  // The byte where the next page begins. The same as this one's: there is no more for now.
  std::uint64_t next = 0;
};

// Reads a page of a file that SetAsideFile wrote, from the byte `from` on: 0, or
// SetAsidePage::next. At most `messages_max`, and no more when their lines have 16 MiB. A last line
// that has no end yet is not read, for it may still be written. Waits for the disk.
//   NotFound             there is no file
//   InvalidArgument      it is no ordinary file, or `messages_max` is 0
//   FailedPrecondition   a line is of a newer format
//   Unavailable          it could not be read
absl::StatusOr<SetAsidePage> read_set_aside(const std::string& path, std::uint64_t from,
                                            std::size_t messages_max = 1000);

}  // namespace madang
