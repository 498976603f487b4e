// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"
#include "storage/archive/names.h"

namespace madang::archive {

using Messages = std::vector<StoredMessage>;

// The files of an archive. All calls but holds() come from one thread, which they keep waiting.
class ArchiveFolder {
 public:
  explicit ArchiveFolder(std::string path) : path_(std::move(path)) {}

  // Makes the folder if there is none, finds what is in it, and deletes what was never finished.
  // DataLoss if there is something that an archive does not have.
  absl::Status scan();

  // Whether there are files of `room`. Any thread.
  bool holds(const std::string& room) const;

  std::vector<std::string> rooms() const;
  // In the order of their first offsets. They may overlap after a crash.
  const std::vector<FileName>& files(const std::string& room) const;
  std::uint64_t first(const std::string& room) const { return files(room).front().first; }
  std::uint64_t last(const std::string& room) const;

  // Goes through the messages beyond `cursor`, each offset once, until `visit` answers false.
  // Messages of files in which all are older than `since` are left out.
  absl::Status walk(const std::string& room, std::uint64_t cursor, Direction direction,
                    WallTime since, const std::function<bool(const StoredMessage&)>& visit);

  // A new file with these messages: at least one, all of one room and month, ascending.
  absl::Status write(const Messages& messages);

  // As MessageStore::remove().
  absl::Status remove(const std::string& room, std::uint64_t offset);

 private:
  using Files = std::vector<FileName>;

  std::string folder_path(const std::string& room) const { return path_ + "/" + folder_of(room); }
  absl::Status scan_folder(const std::string& path, const std::string& room, int depth);
  absl::StatusOr<std::shared_ptr<const Messages>> read(const std::string& room,
                                                       const FileName& name);
  absl::StatusOr<Messages> read_together(const std::string& room, const Files& files);
  void set_files(const std::string& room, Files files);

  const std::string path_;
  mutable std::mutex mutex_;  // for holds(): only the one thread changes what it guards
  std::map<std::string, Files> files_ = {};
  // The file read last, because pages come one after the other.
  std::string read_path_ = {};
  std::shared_ptr<const Messages> read_ = nullptr;
};

}  // namespace madang::archive
