// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "madang/base/hash.h"
#include "storage/postgres/clock.h"
#include "storage/postgres/merge.h"
#include "storage/postgres/months.h"
#include "storage/postgres/state.h"

namespace madang::postgres {
namespace {

// Makes the session of a reader what our statements count on, and finds out which server it is.
class ReaderSetup : public Operation {
 public:
  ReaderSetup(State& state, Role role) : state_(state), role_(role) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      const Params timeout = Params().number(milliseconds(state_.options.request_timeout));
      connection.send(state_.sql.configure, timeout);
      if (role_ == Role::kPrimary) connection.send(state_.sql.past);
      connection.end_round();
      return Progress::kGoesOn;
    }
    const Result& server = results[0];
    if (role_ == Role::kReplica) {
      if (server.bytes(0, 2) == state_.system) return Progress::kDone;
      return absl::UnavailableError("postgres: the replica is one of another server");
    }
    if (!server.flag(0, 0) && results[1].bytes(0, 0) == state_.lineage) return Progress::kDone;
    return absl::UnavailableError("postgres: this is not the server that the writer talks to");
  }

  absl::Status fail(absl::Status status) override { return status; }

 private:
  State& state_;
  const Role role_;
  bool asked_ = false;
};

// Makes a session the one writer's: takes the lock, makes the schema if there is none, and counts
// the term up with a lease if there is to be one; or, when the connection was lost since, sees to
// it that nobody else did.
class WriterSetup : public Operation {
 public:
  explicit WriterSetup(State& state) : state_(state) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_) {
      case Step::kConfigure:
        return configure(connection);
      case Step::kServer:
        return check_server(connection, results);
      case Step::kLock:
        return check_before(connection, results[0]);
      case Step::kLook:
        return look(connection, results);
      case Step::kCreate:
        return create(connection, results);
      case Step::kTerm:
        return check_term(connection, results);
      case Step::kUpgrade:
        return ask_past(connection);
      case Step::kPast:
        return finish(connection, results);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    if (state_.opened) {
      // Nobody but an operator mends this.
      return absl::IsFailedPrecondition(status) ? state_.end(std::move(status)) : status;
    }
    const std::string text(status.message());
    const bool waited = text.ends_with("(55P03)");  // the server's lock_timeout
    if (step_ == Step::kLook && waited) {
      return absl::FailedPreconditionError(
          fmt::format("postgres: another writer has the store open{} ({})", lease_said_, text));
    }
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kConfigure, kServer, kLock, kLook, kCreate, kTerm, kUpgrade, kPast };

  std::int64_t key() const {
    return static_cast<std::int64_t>(placement_hash("madang writer " + state_.options.schema));
  }

  bool still_ours(const Result& term) const {
    return term.rows() == 1 && term.number(0, 0) == state_.term;
  }
  static std::string lease_in_words(const Result& term) {
    if (term.rows() != 1 || term.number(0, 2) == 0) return "";
    return fmt::format(", and its lease runs for {} ms", term.number(0, 2));
  }

  absl::StatusOr<Progress> configure(Connection& connection) {
    step_ = Step::kServer;
    connection.send(state_.sql.configure,
                    Params().number(milliseconds(state_.options.request_timeout)));
    connection.send(state_.sql.own_session);
    connection.send(state_.sql.existing);
    // The last session of ours may hang at the server, which has not seen its connection break.
    if (state_.opened) {
      connection.send(state_.sql.end_session,
                      Params().number(state_.session_pid).number(state_.session_start));
    }
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> check_server(Connection& connection, const Results& results) {
    const Result& server = results[0];
    if (server.flag(0, 0))
      return absl::UnavailableError("postgres: the server is a standby and takes no writes");
    if (!server.flag(0, 1) && !state_.options.accept_fsync_off) {
      return absl::FailedPreconditionError(
          "postgres: the server runs with fsync=off and cannot keep what it acknowledges");
    }
    system_ = server.text(0, 2);
    pid_ = results[1].rows() == 1 ? results[1].number(0, 0) : 0;
    start_ = results[1].rows() == 1 ? results[1].number(0, 1) : 0;
    step_ = Step::kLock;
    if (!results[2].flag(0, 1)) return lock(connection);
    connection.send(state_.sql.term);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> check_before(Connection& connection, const Result& term) {
    if (state_.opened && !still_ours(term)) return taken_over();
    lease_said_ = lease_in_words(term);
    return lock(connection);
  }

  absl::StatusOr<Progress> lock(Connection& connection) {
    step_ = Step::kLook;
    connection.send(state_.sql.limit_lock_wait,
                    Params().number(milliseconds(state_.options.writer_wait)));
    connection.send(state_.sql.lock, Params().number(key()));
    connection.send(state_.sql.limit_lock_wait,
                    Params().number(milliseconds(state_.options.request_timeout)));
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> look(Connection& connection, const Results&) {
    step_ = Step::kCreate;
    connection.send(state_.sql.existing);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> create(Connection& connection, const Results& results) {
    step_ = Step::kTerm;
    const bool there = results[0].flag(0, 1);
    if (state_.opened && !there)
      return absl::FailedPreconditionError("postgres: the store's tables are gone");
    if (!there) {
      connection.send(state_.sql.begin);
      if (!results[0].flag(0, 0)) connection.send(state_.sql.create_schema);
      for (const auto* statements : {&state_.sql.create, &state_.sql.create_index}) {
        for (const Statement& statement : *statements)
          connection.send(statement);
      }
      connection.send(state_.sql.commit);
    }
    connection.send(state_.sql.term);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> check_term(Connection& connection, const Results& results) {
    const Result& found = results.back();
    if (found.rows() != 1) return absl::DataLossError("postgres: the table meta has not one row");
    if (found.number(0, 1) > kSchemaVersion) {
      return absl::FailedPreconditionError(
          fmt::format("postgres: the schema has version {}, and this library knows {}",
                      found.number(0, 1), kSchemaVersion));
    }
    if (found.number(0, 1) < 1)
      return absl::DataLossError("postgres: the schema has a version that never was");
    if (state_.opened && !still_ours(found)) return taken_over();
    // Who holds the lock is the only one to take the lease, so it is not taken meanwhile.
    if (!state_.opened && found.number(0, 2) > 0 && found.bytes(0, 3) != state_.owner) {
      return absl::FailedPreconditionError(
          fmt::format("postgres: another writer had the store open{}", lease_in_words(found)));
    }
    if (found.number(0, 1) == kSchemaVersion) return ask_past(connection);
    step_ = Step::kUpgrade;
    connection.send(state_.sql.begin);
    for (const auto* statements : {&state_.sql.create_index, &state_.sql.upgrade}) {
      for (const Statement& statement : *statements)
        connection.send(statement);
    }
    connection.send(state_.sql.commit);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> ask_past(Connection& connection) {
    step_ = Step::kPast;
    deadline = steady_now() + state_.options.request_timeout;
    connection.send(state_.sql.months);
    connection.send(state_.sql.past);
    sent_ = lease_now();
    if (!state_.opened) {
      connection.send(state_.sql.take_over,
                      Params().number(milliseconds(state_.lease.length())).bytes(state_.owner));
    } else if (state_.lease.wanted()) {
      send_lease(state_, connection);
    }
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> finish(Connection& connection, const Results& results) {
    const std::string lineage = results[1].text(0, 0);
    if (state_.opened && lineage != state_.lineage) {
      return absl::FailedPreconditionError(
          "postgres: the server was replaced by one with another past; open the store anew");
    }
    if (state_.lease.wanted()) {
      absl::Status status = take_lease(state_, connection, results[2], sent_);
      if (!status.ok()) return status;
    }
    state_.system = system_;
    state_.session_pid = pid_;
    state_.session_start = start_;
    state_.months.clear();
    state_.default_months.clear();
    const Result& names = results[0];
    constexpr std::string_view kPrefix = "messages_";
    for (int i = 0; i < names.rows(); ++i) {
      const std::string_view name = names.bytes(i, 0);
      if (!name.starts_with(kPrefix)) continue;
      if (const auto month = month_named(name.substr(kPrefix.size()))) state_.months.insert(*month);
    }
    if (!state_.opened) {
      state_.term = results[2].number(0, 0);
      state_.unclean = results[2].number(0, 1);
      state_.lineage = lineage;
      state_.opened = true;
      state_.pool->keep(Role::kWriter, true);
      state_.pool->keep(Role::kReplica, true);
    }
    plan_fill(state_);
    return Progress::kDone;
  }

  State& state_;
  Step step_ = Step::kConfigure;
  std::string lease_said_;
  MonoTime sent_;
  std::string system_;
  std::int64_t pid_ = 0;
  std::int64_t start_ = 0;
};

}  // namespace

std::unique_ptr<Operation> make_setup(State& state, Role role) {
  if (role == Role::kWriter) return std::make_unique<WriterSetup>(state);
  return std::make_unique<ReaderSetup>(state, role);
}

}  // namespace madang::postgres
