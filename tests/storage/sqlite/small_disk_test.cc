// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

constexpr int kNoMount = 77;

// In a child of its own, because what it mounts is for it alone.
bool mount_small_disk(const std::string& folder) {
  const int spaces = CLONE_NEWNS | (getuid() == 0 ? 0 : CLONE_NEWUSER);
  return unshare(spaces) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", folder.c_str(), "tmpfs", 0, "size=8m") == 0;
}

// Appends until the disk is full, makes room and goes on. Answers the line of the first thing that
// is not as it should be, or 0.
int fill_and_make_room(const StoreFolder& folder) {
  const std::string filler = folder.path("filler");
  std::ofstream(filler) << std::string(3 << 20, 'x');
  WaitingStore store(folder.options());
  if (!store.open().ok()) return __LINE__;
  std::uint64_t top = 0;
  absl::Status status;
  const auto append = [&] {
    MessageBatch batch = conformance::messages("room", top + 1, top + 100);
    for (StoredMessage& message : batch)
      message.data = std::string(1000, static_cast<char>('a' + message.offset % 26));
    const auto result = store.append(batch);
    status = result.status();
    if (stored(result)) top += 100;
    return status.ok();
  };
  while (append()) {
    if (top > 10'000) return __LINE__;  // it can not hold so many
  }
  if (!absl::IsResourceExhausted(status)) return __LINE__;
  if (top == 0) return __LINE__;
  const auto holds_all = [&] {
    const auto page = store.read(conformance::page_of("room", 0, Direction::kUp));
    return page.ok() && page->messages.size() == top && page->messages.back().offset == top;
  };
  if (!holds_all()) return __LINE__;
  if (append() || !absl::IsResourceExhausted(status)) return __LINE__;
  if (unlink(filler.c_str()) != 0) return __LINE__;
  for (int i = 0; i < 3; ++i) {
    if (!append()) return __LINE__;
  }
  if (!holds_all()) return __LINE__;
  return store.close().ok() ? 0 : __LINE__;
}

TEST_CASE(
    "disk full: a small one that is full refuses batches, and takes them when there is room") {
  const StoreFolder folder;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (!mount_small_disk(folder.path(""))) _exit(kNoMount);
    const int line = fill_and_make_room(folder);
    if (line != 0) fprintf(stderr, "not as it should be: line %d\n", line);
    _exit(line == 0 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoMount) {
    MESSAGE("no file system may be mounted here, so a full one was not tried");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace madang
