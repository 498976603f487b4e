// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/fault_vfs.h"

#include <sqlite3.h>

#include <new>

namespace madang {
namespace {

// What SQLite holds of an open file. That of the VFS beneath follows it in memory.
struct FaultFile {
  sqlite3_file base;
  std::string* path;  // null: a temporary file, which is left alone

  sqlite3_file* beneath() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file); }
sqlite3_file* beneath(sqlite3_file* file) { return of(file).beneath(); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *beneath(file)->pMethods; }
sqlite3_vfs* beneath(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int close(sqlite3_file* file) {
  delete of(file).path;
  return methods(file).xClose(beneath(file));
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  const int code = FaultDisk::get().on_read();
  return code != SQLITE_OK ? code : methods(file).xRead(beneath(file), bytes, size, at);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  if (const std::string* path = of(file).path) {
    const std::string_view text(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    if (const int code = FaultDisk::get().on_write(*path, text, at); code != SQLITE_OK) return code;
  }
  return methods(file).xWrite(beneath(file), bytes, size, at);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const std::string* path = of(file).path) {
    if (const int code = FaultDisk::get().on_truncate(*path, size); code != SQLITE_OK) return code;
  }
  return methods(file).xTruncate(beneath(file), size);
}

// The disk beneath is not asked: what counts is what FaultDisk knows.
int sync(sqlite3_file* file, int) {
  const std::string* path = of(file).path;
  if (path == nullptr) return SQLITE_OK;
  const int code = FaultDisk::get().on_sync(*path);
  return code == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : code;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return methods(file).xFileSize(beneath(file), size);
}
int lock(sqlite3_file* file, int level) { return methods(file).xLock(beneath(file), level); }
int unlock(sqlite3_file* file, int level) { return methods(file).xUnlock(beneath(file), level); }
int check_lock(sqlite3_file* file, int* out) {
  return methods(file).xCheckReservedLock(beneath(file), out);
}
int control(sqlite3_file* file, int what, void* with) {
  return methods(file).xFileControl(beneath(file), what, with);
}
int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(beneath(file)); }
int characteristics(sqlite3_file*) { return 0; }  // no promise of any kind
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return methods(file).xShmMap(beneath(file), page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return methods(file).xShmLock(beneath(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { methods(file).xShmBarrier(beneath(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  return methods(file).xShmUnmap(beneath(file), remove);
}

constexpr sqlite3_io_methods kMethods = {
    2,         close,      read,    write,       truncate,        sync,    file_size, lock,
    unlock,    check_lock, control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
    shm_unmap, nullptr,    nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* const fault_file = new (file) FaultFile{};
  if (name != nullptr) {
    if (const int code = FaultDisk::get().on_open(name); code != SQLITE_OK) return code;
  }
  const int code = beneath(vfs)->xOpen(beneath(vfs), name, fault_file->beneath(), flags, out);
  if (code != SQLITE_OK) return code;
  if (name != nullptr) fault_file->path = new std::string(name);
  fault_file->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  if (const int code = FaultDisk::get().on_delete(name); code != SQLITE_OK) return code;
  return beneath(vfs)->xDelete(beneath(vfs), name, sync_folder);
}

}  // namespace

void register_fault_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *sqlite3_vfs_find(nullptr);
    made.pNext = nullptr;
    made.zName = kFaultVfs;
    made.pAppData = sqlite3_vfs_find(nullptr);
    made.szOsFile += static_cast<int>(sizeof(FaultFile));
    made.xOpen = open;
    made.xDelete = remove;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

}  // namespace madang
