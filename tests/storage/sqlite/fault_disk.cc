// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "madang/base/random.h"
#include "storage/sqlite/fault_vfs.h"

namespace madang {
namespace {

constexpr std::size_t kSectorBytes = 512;

}  // namespace

FaultDisk& FaultDisk::get() {
  static FaultDisk disk;
  return disk;
}

void FaultDisk::reset() {
  const std::lock_guard lock(mutex_);
  files_.clear();
  calls_.clear();
  faults_.clear();
  bytes_max_ = 0;
  changes_ = 0;
  power_lost_at_ = 0;
}

int FaultDisk::calls(DiskCall call) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

int FaultDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void FaultDisk::fail(DiskCall call, int first, int count, int code) {
  const std::lock_guard lock(mutex_);
  faults_[call] = {first, count, code};
}

void FaultDisk::limit_bytes(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_max_ = bytes;
}

void FaultDisk::lose_power_at(int change) {
  const std::lock_guard lock(mutex_);
  power_lost_at_ = change;
}

bool FaultDisk::power_lost() const {
  const std::lock_guard lock(mutex_);
  return power_lost_at_ > 0 && changes_ >= power_lost_at_;
}

void FaultDisk::restore_power(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  SeededRandom random(seed);
  for (auto& [path, file] : files_) {
    for (const Change& change : file.changes) {
      if (change.bytes.empty()) {
        if (random.below(2) == 0) apply(file.synced, change);
        continue;
      }
      for (std::size_t from = 0; from < change.bytes.size(); from += kSectorBytes) {
        if (random.below(2) == 0) continue;
        const auto at = change.at + static_cast<std::int64_t>(from);
        apply(file.synced, {at, change.bytes.substr(from, kSectorBytes)});
      }
    }
    file.changes.clear();
    file.size = static_cast<std::int64_t>(file.synced.size());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
    std::error_code ignored;
    if (path.ends_with(".db")) std::filesystem::remove(path + "-shm", ignored);
  }
  faults_.clear();
  power_lost_at_ = 0;
}

void FaultDisk::apply(std::string& bytes, const Change& change) {
  const auto at = static_cast<std::size_t>(change.at);
  if (change.bytes.empty()) return bytes.resize(at);
  if (bytes.size() < at + change.bytes.size()) bytes.resize(at + change.bytes.size());
  bytes.replace(at, change.bytes.size(), change.bytes);
}

int FaultDisk::refuse(DiskCall call, bool change) {
  const int count = ++calls_[call];
  if (change) ++changes_;
  if (power_lost_at_ > 0 && changes_ >= power_lost_at_) return SQLITE_IOERR;
  const auto fault = faults_.find(call);
  if (fault == faults_.end()) return SQLITE_OK;
  const auto& [first, many, code] = fault->second;
  return count >= first && count - first < many ? code : SQLITE_OK;
}

int FaultDisk::on_open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const int code = refuse(DiskCall::kOpen, false);
  // A file that was there before is taken to be synced.
  if (code == SQLITE_OK && files_.find(path) == files_.end()) {
    std::ifstream stream(path, std::ios::binary);
    File& file = files_[path];
    file.synced.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    file.size = static_cast<std::int64_t>(file.synced.size());
  }
  return code;
}

int FaultDisk::on_read() {
  const std::lock_guard lock(mutex_);
  return refuse(DiskCall::kRead, false);
}

int FaultDisk::on_write(const std::string& path, std::string_view bytes, std::int64_t at) {
  const std::lock_guard lock(mutex_);
  if (const int code = refuse(DiskCall::kWrite, true); code != SQLITE_OK) return code;
  File& file = files_[path];
  const std::int64_t end = at + static_cast<std::int64_t>(bytes.size());
  if (bytes_max_ > 0 && end > file.size) {
    std::int64_t all = end - file.size;
    for (const auto& [other, its] : files_)
      all += its.size;
    if (all > bytes_max_) return SQLITE_FULL;
  }
  file.size = std::max(file.size, end);
  file.changes.push_back({at, std::string(bytes)});
  return SQLITE_OK;
}

int FaultDisk::on_truncate(const std::string& path, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  if (const int code = refuse(DiskCall::kTruncate, true); code != SQLITE_OK) return code;
  File& file = files_[path];
  file.size = size;
  file.changes.push_back({size});
  return SQLITE_OK;
}

int FaultDisk::on_sync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const int code = refuse(DiskCall::kSync, true);
  File& file = files_[path];
  if (code == SQLITE_OK) {
    for (const Change& change : file.changes)
      apply(file.synced, change);
  }
  const bool dead = power_lost_at_ > 0 && changes_ >= power_lost_at_;
  if (!dead) file.changes.clear();  // stored, or lost
  return code;
}

int FaultDisk::on_delete(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (power_lost_at_ > 0 && changes_ >= power_lost_at_) return SQLITE_IOERR;
  files_.erase(path);
  return SQLITE_OK;
}

}  // namespace madang
