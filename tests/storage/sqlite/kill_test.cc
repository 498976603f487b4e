// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "madang/base/random.h"
#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

constexpr std::uint64_t kBatch = 7;

// In the child: appends batch after batch and writes a byte for each that was acknowledged.
[[noreturn]] void append_until_killed(const StoreFolder& folder, int out) {
  WaitingStore store(folder.options());
  if (!store.open().ok()) _exit(2);
  const auto room = store.load("room");
  if (!room.ok()) _exit(3);
  for (std::uint64_t top = room->top;; top += kBatch) {
    if (!stored(store.append(conformance::messages("room", top + 1, top + kBatch)))) _exit(4);
    if (write(out, "a", 1) != 1) _exit(5);
  }
}

// Kills a child after it has acknowledged `batches` more, and at some moment of the next. Answers
// how many it had acknowledged.
std::uint64_t run_and_kill(const StoreFolder& folder, std::uint64_t batches, std::uint64_t spins) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    append_until_killed(folder, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t count = 0;
  char byte = 0;
  while (count < batches && read(ends[0], &byte, 1) == 1)
    ++count;
  SeededRandom at_work(spins);
  std::uint64_t left = spins;
  while (left > 0 && at_work.next() != 0)
    --left;
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  while (read(ends[0], &byte, 1) == 1)
    ++count;
  ::close(ends[0]);
  return count;
}

TEST_CASE("kill: a hundred times at any moment, what was acknowledged is there, in whole batches") {
  const StoreFolder folder;
  SeededRandom random(11);
  std::uint64_t known = 0;  // batches that must be there
  for (int i = 0; i < 100; ++i) {
    known += run_and_kill(folder, random.below(4), random.below(2'000'000));
    if (i % 10 != 9) continue;
    WaitingStore store(folder.options());
    REQUIRE(store.open().ok());
    const auto room = store.load("room");
    REQUIRE(room.ok());
    CHECK(room->top % kBatch == 0);
    CHECK(room->top / kBatch >= known);
    CHECK(room->messages.size() == room->top);
    CHECK(room->continuity == Continuity::kStored);
    known = room->top / kBatch;
  }
}

}  // namespace
}  // namespace madang
