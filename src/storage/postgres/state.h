// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "madang/base/random.h"
#include "madang/storage/postgres/postgres_store.h"
#include "storage/postgres/lease.h"
#include "storage/postgres/operation.h"
#include "storage/postgres/pool.h"
#include "storage/postgres/statements.h"

namespace madang::postgres {

// As whom a writer holds the lease. Under a name it is the same one after a restart, and else
// nobody else's.
std::string lease_owner(const PostgresOptions& options);

// What the operations of one store share. The options and statements never change; the rest is
// touched only by the pool's thread.
struct State {
  explicit State(PostgresOptions given)
      : options(std::move(given)),
        sql(options.schema),
        owner(lease_owner(options)),
        lease(options.writer_lease) {}

  const PostgresOptions options;
  const Statements sql;
  const std::string owner;  // as whom this writer holds the lease
  Lease lease;
  Pool* pool = nullptr;

  bool opened = false;
  bool open_answered = false;
  absl::Status ended = absl::OkStatus();  // else: what every call is answered
  std::string system = {};                // the server's identifier, as the writer saw it
  std::string lineage = {};
  std::int64_t term = 0;
  std::int64_t unclean = 0;           // the newest term that ended uncleanly
  std::set<int> months = {};          // that have a partition
  std::set<int> default_months = {};  // that were asked for, in case they have none
  // The writer's session, so that it can be ended if it outlives its connection.
  std::int64_t session_pid = 0;
  std::int64_t session_start = 0;
  // What a batch may take. One that was not stored in this time comes again, and gets twice as
  // much, within a bound: else it would never be stored.
  Duration append_time = options.request_timeout;
  // Of the index of words: what the writer is about to do by itself, and whether some messages may
  // not be in it.
  bool merging = false;
  bool filling = false;
  bool unindexed = options.search;
  // A replica that has not come so far in the log may still have what was removed.
  std::int64_t removed_at = 0;

  // From now on every call is answered this.
  absl::Status end(absl::Status why) {
    lease.end();
    pool->keep(Role::kWriter, false);
    pool->plan_chore(MonoTime::max());
    return ended = std::move(why);
  }

  // Whether a call other than open() makes sense.
  absl::Status usable() const {
    if (!ended.ok()) return ended;
    if (!opened) return absl::FailedPreconditionError("postgres: the store is not open");
    return absl::OkStatus();
  }
};

inline absl::Status taken_over() {
  return absl::FailedPreconditionError("postgres: another writer has taken the store over");
}

inline std::int64_t milliseconds(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

// An operation of an open store.
class StoreOperation : public Operation {
 public:
  explicit StoreOperation(State& state) : state_(state) {}
  absl::Status admit() override { return state_.usable(); }

 protected:
  // Sees to it that the store's writer is still this one, from the row that `fence` gave.
  absl::Status check_fence(const Result& fence) {
    if (fence.rows() == 1 && fence.number(0, 0) == state_.term) return absl::OkStatus();
    return state_.end(taken_over());
  }

  State& state_;
};

// Puts the renewal of the lease into a round, and takes its result: from then on the lease counts
// from `sent`, and is renewed in time. FailedPrecondition: another writer has taken over.
void send_lease(const State& state, Connection& connection);
absl::Status take_lease(State& state, const Connection& connection, const Result& renewed,
                        MonoTime sent);
void plan_next_lease(State& state);

// What each new connection is told first.
std::unique_ptr<Operation> make_setup(State& state, Role role);

}  // namespace madang::postgres
