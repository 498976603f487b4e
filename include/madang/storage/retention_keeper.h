// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/base/callback.h"
#include "madang/base/random.h"
#include "madang/base/scheduler.h"
#include "madang/base/time.h"
#include "madang/storage/message_store.h"

namespace madang {

struct RetentionOptions {
  // How long a message is kept; then it is removed. Nothing: for ever.
  std::optional<std::chrono::milliseconds> keep_for = {};
  // How long a message stays in the store before `move` takes it elsewhere; less than `keep_for`.
  // Nothing: for ever.
  std::optional<std::chrono::milliseconds> warm_for = {};
  // Moves all messages older than `before` to where they are cold, and answers how many those were:
  // ArchiveStore::export_before(), for one. It is called on the scheduler and does not wait.
  absl::AnyInvocable<void(WallTime before, Callback<std::size_t> done)> move = {};

  // How long after a look the next one comes, less a random part of up to a quarter; the first
  // comes after a random part of it, so that nodes which start together do not look together.
  Duration every = std::chrono::hours(1);
  // Messages are removed in steps of so many, and so long nothing is asked of the store between.
  std::size_t step_messages_max = 1000;
  Duration step_pause = std::chrono::milliseconds(100);
  // How soon after a failure the next look comes. Each failure in a row doubles it, up to `every`,
  // less a random part of up to a half.
  Duration retry_after = std::chrono::minutes(1);

  // Null: the operating system's.
  RandomSource* random = nullptr;
};

struct RetentionState {
  bool running = false;    // a look is under way
  std::uint64_t runs = 0;  // looks that are over, failed ones too
  WallTime last_run = {};  // when the last of them ended that did not fail; the default: none yet
  std::uint64_t removed = 0;  // messages, ever
  std::uint64_t moved = 0;
  std::uint64_t failures = 0;  // calls that failed
  absl::Status last_failure;   // OK: none did
};

// Lets go of old messages by itself: of those that are older than anyone wants to keep, and of
// those that are to lie elsewhere. Hot in memory, warm for three months in the store, cold in an
// archive:
//
//   RetentionOptions options;
//   options.warm_for = std::chrono::days(92);
//   options.move = [&archive](WallTime before, Callback<std::size_t> done) { ... };
//   auto keeper = RetentionKeeper::make(lanes.schedulers()[0], archive, std::move(options));
//   engine_options.storage.opened = [&](const absl::Status& status) {
//     if (status.ok()) (*keeper)->start();
//   };
//
// Only one call is under way at a time. One that fails is counted; the look goes on with what else
// is to be done, and the next one comes sooner.
//
// What is old is told by the wall clock. One that is put forward by more than a minute while this
// object lives is believed only after a day, so that a mistake can be put right before messages are
// gone for it.
//
// The scheduler and the store outlive it. Destroying it is safe while a call is under way, from any
// thread but from within `move`.
class RetentionKeeper {
 public:
  //   InvalidArgument   an age that is not above zero or is more than a hundred years; a delay that
  //                     is not above zero (a pause may be zero) or is more than a year; a step of
  //                     no messages; `warm_for` without `move`, the other way round, or not below
  //                     `keep_for`; neither age
  //   Unimplemented     `keep_for`, and the store has no retention()
  static absl::StatusOr<std::unique_ptr<RetentionKeeper>> make(Scheduler& scheduler,
                                                               MessageStore& store,
                                                               RetentionOptions options);
  // stop()
  ~RetentionKeeper();
  RetentionKeeper(const RetentionKeeper&) = delete;
  RetentionKeeper& operator=(const RetentionKeeper&) = delete;

  // Begins, once; the store is open. Any thread.
  void start();

  // Ends, for good. When it returns neither the store nor `move` is called any more; one call may
  // still be under way. A store that was closed before refuses, which is counted and does no harm;
  // it must not be destroyed before. Any thread.
  void stop();

  // Any thread.
  RetentionState state() const;

 private:
  class State;
  explicit RetentionKeeper(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace madang
