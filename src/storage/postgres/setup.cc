// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "madang/base/hash.h"
#include "storage/postgres/months.h"
#include "storage/postgres/state.h"

namespace madang::postgres {
namespace {

std::int64_t milliseconds(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

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
// the term up; or, when the connection was lost since, sees to it that nobody else did.
class WriterSetup : public Operation {
 public:
  explicit WriterSetup(State& state) : state_(state) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_) {
      case Step::kConfigure:
        return configure(connection);
      case Step::kLock:
        return lock(connection, results);
      case Step::kLook:
        return look(connection, results);
      case Step::kCreate:
        return create(connection, results);
      case Step::kTerm:
        return check_term(connection, results);
      case Step::kPast:
        return finish(results);
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    if (state_.opened) {
      // Nobody but an operator mends this: the store answers it from now on.
      if (absl::IsFailedPrecondition(status)) {
        state_.ended = status;
        state_.pool->keep(Role::kWriter, false);
      }
      return status;
    }
    const std::string text(status.message());
    const bool waited = text.ends_with("(55P03)");  // the server's lock_timeout
    if (step_ == Step::kLook && waited) {
      return absl::FailedPreconditionError(
          fmt::format("postgres: another writer has the store open ({})", text));
    }
    return status;
  }

 private:
  // Which answer comes next.
  enum class Step { kConfigure, kLock, kLook, kCreate, kTerm, kPast };

  std::int64_t key() const {
    return static_cast<std::int64_t>(placement_hash("madang writer " + state_.options.schema));
  }

  bool still_ours(const Result& term) const {
    return term.rows() == 1 && term.number(0, 0) == state_.term;
  }
  static absl::Status taken_over() {
    return absl::FailedPreconditionError("postgres: another writer has taken the store over");
  }

  absl::StatusOr<Progress> configure(Connection& connection) {
    step_ = Step::kLock;
    connection.send(state_.sql.configure,
                    Params().number(milliseconds(state_.options.request_timeout)));
    connection.send(state_.sql.own_session);
    // The last session of ours may hang at the server, which has not seen its connection break.
    if (state_.opened) {
      connection.send(state_.sql.end_session,
                      Params().number(state_.session_pid).number(state_.session_start));
      connection.send(state_.sql.term);
    }
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> lock(Connection& connection, const Results& results) {
    const Result& server = results[0];
    if (server.flag(0, 0))
      return absl::UnavailableError("postgres: the server is a standby and takes no writes");
    if (!server.flag(0, 1) && !state_.options.accept_fsync_off) {
      return absl::FailedPreconditionError(
          "postgres: the server runs with fsync=off and cannot keep what it acknowledges");
    }
    if (state_.opened && !still_ours(results.back())) return taken_over();
    system_ = server.text(0, 2);
    pid_ = results[1].rows() == 1 ? results[1].number(0, 0) : 0;
    start_ = results[1].rows() == 1 ? results[1].number(0, 1) : 0;
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
      for (const Statement& statement : state_.sql.create)
        connection.send(statement);
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
    step_ = Step::kPast;
    for (const Statement& statement : state_.sql.create_search)
      connection.send(statement);
    connection.send(state_.sql.months);
    connection.send(state_.sql.past);
    if (!state_.opened) connection.send(state_.sql.take_over);
    connection.end_round();
    return Progress::kGoesOn;
  }

  absl::StatusOr<Progress> finish(const Results& results) {
    const std::size_t first = state_.sql.create_search.size();
    const std::string lineage = results[first + 1].text(0, 0);
    if (state_.opened && lineage != state_.lineage) {
      return absl::FailedPreconditionError(
          "postgres: the server was replaced by one with another past; open the store anew");
    }
    state_.system = system_;
    state_.session_pid = pid_;
    state_.session_start = start_;
    state_.months.clear();
    state_.default_months.clear();
    const Result& names = results[first];
    constexpr std::string_view kPrefix = "messages_";
    for (int i = 0; i < names.rows(); ++i) {
      const std::string_view name = names.bytes(i, 0);
      if (!name.starts_with(kPrefix)) continue;
      if (const auto month = month_named(name.substr(kPrefix.size()))) state_.months.insert(*month);
    }
    if (!state_.opened) {
      state_.term = results[first + 2].number(0, 0);
      state_.unclean = results[first + 2].number(0, 1);
      state_.lineage = lineage;
      state_.opened = true;
      state_.pool->keep(Role::kWriter, true);
    }
    return Progress::kDone;
  }

  State& state_;
  Step step_ = Step::kConfigure;
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
