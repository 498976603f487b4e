// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace madang {

// What a disk is asked that changes it, and what it can refuse.
enum class DiskCall { kWrite, kSync, kTruncate, kOpen, kRead };

// A disk that fails on demand, under SQLite, as the VFS named kFaultVfs. It knows what of each file
// was synced, so that it can lose its power: then of what was not, each sector is there or not. As
// with Linux, what a sync that fails had to write is lost too, though it can still be read.
class FaultDisk {
 public:
  static FaultDisk& get();

  // Forgets all files and faults.
  void reset();

  // The calls of a kind since reset(), and of all kinds that change something.
  int calls(DiskCall call) const;
  int changes() const;

  // From the `first` such call on, `count` of them fail with this SQLite code.
  void fail(DiskCall call, int first, int count, int code);
  // All files together may grow to this.
  void limit_bytes(std::int64_t bytes);
  // With the `change`-th change nothing reaches the disk any more.
  void lose_power_at(int change);
  bool power_lost() const;
  // Puts the files as the disk would be found, and gives it power again.
  void restore_power(std::uint64_t seed);

  // --- Of the VFS -----------------------------------------------------------------------------
  int on_open(const std::string& path);
  int on_read();
  int on_write(const std::string& path, std::string_view bytes, std::int64_t at);
  int on_truncate(const std::string& path, std::int64_t size);
  int on_sync(const std::string& path);
  int on_delete(const std::string& path);

 private:
  struct Change {
    std::int64_t at = 0;  // or the size, if there are no bytes
    std::string bytes = {};
  };
  struct File {
    std::string synced = {};
    std::vector<Change> changes = {};
    std::int64_t size = 0;
  };
  struct Fault {
    int first = 0;
    int count = 0;
    int code = 0;
  };

  int refuse(DiskCall call, bool change);
  static void apply(std::string& bytes, const Change& change);

  mutable std::mutex mutex_;
  std::map<std::string, File> files_;
  std::map<DiskCall, int> calls_;
  std::map<DiskCall, Fault> faults_;
  std::int64_t bytes_max_ = 0;
  int changes_ = 0;
  int power_lost_at_ = 0;
};

inline constexpr const char* kFaultVfs = "madang-fault";

// So that SQLite knows kFaultVfs. Any number of times.
void register_fault_vfs();

}  // namespace madang
