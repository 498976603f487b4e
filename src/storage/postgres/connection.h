// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "storage/postgres/params.h"
#include "storage/postgres/result.h"

namespace madang::postgres {

// A statement is prepared under its name when a connection first runs it; one without a name is
// parsed each time.
struct Statement {
  const char* name = "";
  std::string sql = {};
};

// One connection, which never waits. It talks in rounds: statements that are sent together, and
// answered together. Whoever owns it polls its descriptor for `events()`, calls `turn()`, and looks
// at what is new. Not safe for threads.
class Connection {
 public:
  enum class News { kNone, kConnected, kRound, kLost };

  // Gives the next bytes of a COPY; empty: that was all.
  using Source = std::function<std::string()>;

  // Begins to connect; what becomes of it is said by turn(), also if it failed at once.
  void connect(const std::string& conninfo);
  // Ends the connection politely where that takes no time. It can be connected again.
  void close();

  bool open() const { return pq_ != nullptr; }
  int descriptor() const { return PQsocket(pq_.get()); }
  short events() const;

  // Goes on with whatever is under way.
  News turn();
  // Why the connection is lost; valid after kLost, until connect().
  const absl::Status& error() const { return error_; }

  // Puts a statement into the round that is being made. Results come in this order.
  void send(const Statement& statement, const Params& params = {});
  // Sends the round off. After kRound its fate is in round_status() and take_results().
  void end_round();
  // A round that is one COPY FROM STDIN in binary, fed by `source` as fast as the server takes it.
  void copy(const std::string& sql, Source source);

  const absl::Status& round_status() const { return round_status_; }
  Results take_results() { return std::move(results_); }
  // Warnings of the server in this round. One while it commits may mean that a replica which should
  // have had it does not.
  std::size_t warnings() const { return warnings_; }

  bool in_transaction() const { return PQtransactionStatus(pq_.get()) != PQTRANS_IDLE; }

 private:
  enum class Phase { kConnecting, kIdle, kRound, kCopyAsked, kCopying, kCopyEnding };
  // What the server answers next in a round.
  struct Awaited {
    const char* prepares = nullptr;
  };
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  static void on_notice(void* self, const PGresult* notice);
  News go_on_connecting();
  News lose(const char* doing);
  News read_results();
  bool feed();
  void begin_round(Phase phase);
  News finish_round();
  void note(bool sent) { broken_ = broken_ || !sent; }

  std::unique_ptr<PGconn, Finish> pq_;
  Phase phase_ = Phase::kIdle;
  PostgresPollingStatusType polling_ = PGRES_POLLING_FAILED;
  bool broken_ = false;       // something could not even be queued
  bool wants_write_ = false;  // libpq holds bytes that the socket did not take
  absl::Status error_;

  std::vector<Awaited> awaited_;
  std::size_t answered_ = 0;
  Results results_;
  absl::Status round_status_;
  std::size_t warnings_ = 0;
  Source source_;
  absl::flat_hash_set<std::string> prepared_;
};

}  // namespace madang::postgres
