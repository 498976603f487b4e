// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/result.h"

#include <fmt/format.h>

#include <cstdlib>

#include "storage/postgres/big_endian.h"

namespace madang::postgres {

std::int64_t Result::number(int row, int column) const {
  const std::string_view raw = bytes(row, column);
  return raw.size() == sizeof(std::int64_t) ? read_big<std::int64_t>(raw.data()) : 0;
}

bool Result::flag(int row, int column) const {
  const std::string_view raw = bytes(row, column);
  return raw.size() == 1 && raw[0] != 0;
}

std::string_view Result::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::uint64_t Result::changed() const {
  return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10);
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  std::string line(text);
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

absl::Status status_of(const PGresult* error) {
  const char* field = PQresultErrorField(error, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  const char* primary = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);
  const std::string text =
      fmt::format("postgres: {} ({})",
                  trimmed(primary == nullptr ? PQresultErrorMessage(error) : primary), state);
  const std::string_view group = state.substr(0, 2);

  // No room on the disk or in memory. Too many connections is another matter: they end.
  if (group == "53" && state != "53300") return absl::ResourceExhaustedError(text);
  // Pages or indexes that do not hold together, and a row where the rooms say that none can be.
  if (state == "XX001" || state == "XX002" || state == "23505") return absl::DataLossError(text);
  // Lost, shut down, taken back, timed out, waiting for a lock, a standby that takes no writes: all
  // of these pass.
  if (group.empty() || group == "08" || group == "40" || group == "53" || group == "55" ||
      group == "57" || group == "58" || group == "25" || group == "XX") {
    return absl::UnavailableError(text);
  }
  // Missing rights or tables, a server too old: somebody has to do something.
  return absl::FailedPreconditionError(text);
}

absl::Status lost_status(const PGconn* connection, std::string_view doing) {
  return absl::UnavailableError(
      fmt::format("postgres: {}: {}", doing, trimmed(PQerrorMessage(connection))));
}

}  // namespace madang::postgres
