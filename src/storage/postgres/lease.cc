// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/lease.h"

#include <fmt/format.h>

#include <utility>

#include "storage/postgres/clock.h"
#include "storage/postgres/operations.h"

namespace madang::postgres {
namespace {

// Asks the server for the whole length again.
class RenewLease : public StoreOperation {
 public:
  explicit RenewLease(State& state) : StoreOperation(state) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      sent_ = lease_now();
      send_lease(state_, connection);
      connection.end_round();
      return Progress::kGoesOn;
    }
    if (absl::Status status = take_lease(state_, connection, results[0], sent_); !status.ok())
      return state_.end(std::move(status));
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    // A connection that is lost is followed by one that takes the lease in its setup.
    if (state_.lease.wanted()) plan_next_lease(state_);
    return status;
  }

 private:
  bool asked_ = false;
  MonoTime sent_;
};

}  // namespace

std::string lease_owner(const PostgresOptions& options) {
  if (!options.writer_name.empty()) return "n" + options.writer_name;
  SystemRandom random;
  return fmt::format("r{:016x}{:016x}", random.next(), random.next());
}

void Lease::taken(MonoTime sent) { until_ = sent + (length_ - length_ / 10); }

void Lease::end() { ended_ = true; }

Duration Lease::left(MonoTime now) const {
  if (!wanted()) return Duration(0);
  const MonoTime until = until_;
  return until > now ? until - now : Duration(0);
}

void send_lease(const State& state, Connection& connection) {
  connection.send(state.sql.renew_lease,
                  Params().number(state.term).number(milliseconds(state.lease.length())));
}

absl::Status take_lease(State& state, const Connection& connection, const Result& renewed,
                        MonoTime sent) {
  if (renewed.changed() != 1) return taken_over();
  // A warning: a replica which should have it may not, and could become the server without it.
  if (connection.warnings() == 0) state.lease.taken(sent);
  plan_next_lease(state);
  return absl::OkStatus();
}

void plan_next_lease(State& state) {
  state.pool->plan_chore(steady_now() + state.lease.length() / 3);
}

std::unique_ptr<Operation> make_renew_lease(State& state) {
  auto operation = std::make_unique<RenewLease>(state);
  operation->deadline = steady_now() + state.options.request_timeout;
  return operation;
}

}  // namespace madang::postgres
