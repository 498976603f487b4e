// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/connection.h"

#include <poll.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace madang::postgres {

void Connection::connect(const std::string& conninfo) {
  close();
  // What stands in the host's string wins, but for the last two: texts of errors are to be UTF-8,
  // and a replication session would not know our statements.
  const char* const names[] = {"fallback_application_name",
                               "keepalives_idle",
                               "keepalives_interval",
                               "keepalives_count",
                               "dbname",
                               "client_encoding",
                               "replication",
                               nullptr};
  const char* const values[] = {"madang",         "5",    "5",     "3",
                                conninfo.c_str(), "UTF8", "false", nullptr};
  pq_.reset(PQconnectStartParams(names, values, 1));
  phase_ = Phase::kConnecting;
  polling_ = PGRES_POLLING_WRITING;
  broken_ = wants_write_ = false;
  error_ = absl::OkStatus();
  if (pq_ == nullptr) {
    error_ = absl::ResourceExhaustedError("postgres: no memory for a connection");
    return;
  }
  PQsetNoticeReceiver(pq_.get(), &Connection::on_notice, this);
}

void Connection::close() {
  pq_.reset();
  prepared_.clear();
  results_.clear();
  awaited_.clear();
  source_ = nullptr;
  phase_ = Phase::kIdle;
}

short Connection::events() const {
  if (phase_ == Phase::kConnecting) return polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  return static_cast<short>(wants_write_ ? POLLIN | POLLOUT : POLLIN);
}

void Connection::on_notice(void* self, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::strcmp(severity, "WARNING") == 0)
    ++static_cast<Connection*>(self)->warnings_;
}

Connection::News Connection::lose(const char* doing) {
  error_ = pq_ == nullptr ? error_ : lost_status(pq_.get(), doing);
  close();
  return News::kLost;
}

Connection::News Connection::go_on_connecting() {
  if (pq_ == nullptr || PQstatus(pq_.get()) == CONNECTION_BAD) return lose("connecting");
  polling_ = PQconnectPoll(pq_.get());
  if (polling_ == PGRES_POLLING_FAILED) return lose("connecting");
  if (polling_ != PGRES_POLLING_OK) return News::kNone;
  if (PQsetnonblocking(pq_.get(), 1) != 0 || PQenterPipelineMode(pq_.get()) != 1)
    return lose("connecting");
  phase_ = Phase::kIdle;
  return News::kConnected;
}

Connection::News Connection::turn() {
  if (phase_ == Phase::kConnecting) return go_on_connecting();
  if (broken_) return lose("sending");
  if (phase_ == Phase::kCopying && !feed()) return lose("copying");
  const int flushed = PQflush(pq_.get());
  if (flushed < 0) return lose("sending");
  wants_write_ = flushed > 0;
  if (PQconsumeInput(pq_.get()) != 1) return lose("waiting");
  if (phase_ == Phase::kIdle) {
    // Nothing is asked, so what comes is a notice or the end; this has libpq look at it.
    PQisBusy(pq_.get());
    return PQstatus(pq_.get()) == CONNECTION_BAD ? lose("waiting") : News::kNone;
  }
  return read_results();
}

void Connection::begin_round(Phase phase) {
  phase_ = phase;
  answered_ = 0;
  results_.clear();
  round_status_ = absl::OkStatus();
  warnings_ = 0;
}

void Connection::send(const Statement& statement, const Params& params) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& value : params.values()) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const std::vector<int> formats(values.size(), 1);
  const int count = static_cast<int>(values.size());
  if (*statement.name == '\0') {
    note(PQsendQueryParams(pq_.get(), statement.sql.c_str(), count, nullptr, values.data(),
                           lengths.data(), formats.data(), 1) == 1);
    awaited_.emplace_back();
    return;
  }
  if (!prepared_.contains(statement.name)) {
    note(PQsendPrepare(pq_.get(), statement.name, statement.sql.c_str(), 0, nullptr) == 1);
    awaited_.push_back({statement.name});
  }
  note(PQsendQueryPrepared(pq_.get(), statement.name, count, values.data(), lengths.data(),
                           formats.data(), 1) == 1);
  awaited_.emplace_back();
}

void Connection::end_round() {
  begin_round(Phase::kRound);
  note(PQpipelineSync(pq_.get()) == 1);
}

void Connection::copy(const std::string& sql, Source source) {
  begin_round(Phase::kCopyAsked);
  source_ = std::move(source);
  awaited_.emplace_back();
  // COPY is not for pipelines.
  note(PQexitPipelineMode(pq_.get()) == 1);
  note(PQsendQuery(pq_.get(), sql.c_str()) == 1);
}

bool Connection::feed() {
  // Each time around only as much as the socket took of the last, so that memory stays bounded.
  for (;;) {
    const int flushed = PQflush(pq_.get());
    if (flushed != 0) return flushed > 0;
    const std::string chunk = source_();
    if (chunk.empty()) {
      phase_ = Phase::kCopyEnding;
      return PQputCopyEnd(pq_.get(), nullptr) == 1;
    }
    if (PQputCopyData(pq_.get(), chunk.data(), static_cast<int>(chunk.size())) != 1) return false;
  }
}

Connection::News Connection::finish_round() {
  awaited_.clear();
  source_ = nullptr;
  phase_ = Phase::kIdle;
  return News::kRound;
}

Connection::News Connection::read_results() {
  while (PQisBusy(pq_.get()) == 0) {
    Result result(PQgetResult(pq_.get()));
    if (result.get() == nullptr) {
      if (PQstatus(pq_.get()) == CONNECTION_BAD) return lose("waiting");
      if (phase_ != Phase::kRound) {  // a COPY ends so
        if (PQenterPipelineMode(pq_.get()) != 1) return lose("copying");
        return finish_round();
      }
      // The end of one statement's results. More ends than statements: we lost count.
      if (++answered_ > awaited_.size()) return lose("counting answers");
      continue;
    }
    switch (PQresultStatus(result.get())) {
      case PGRES_PIPELINE_SYNC:
        return finish_round();
      case PGRES_COPY_IN: {
        phase_ = Phase::kCopying;
        if (!feed()) return lose("copying");
        const int flushed = PQflush(pq_.get());
        if (flushed < 0) return lose("copying");
        wants_write_ = flushed > 0;
        // While it is in this state libpq gives the same result again and again.
        if (phase_ == Phase::kCopying) return News::kNone;
        break;
      }
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (phase_ == Phase::kRound && answered_ < awaited_.size() &&
            awaited_[answered_].prepares != nullptr) {
          prepared_.insert(awaited_[answered_].prepares);
        } else {
          results_.push_back(std::move(result));
        }
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (round_status_.ok()) round_status_ = status_of(result.get());
        break;
    }
  }
  return News::kNone;
}

}  // namespace madang::postgres
