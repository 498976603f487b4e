// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace madang::postgres {

// The rows one statement gave, in binary. What is asked for must be there and of the type; a value
// of another size reads as 0, which our own statements never give by mistake.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result) {}

  PGresult* get() const { return result_.get(); }
  int rows() const { return PQntuples(result_.get()); }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::int64_t number(int row, int column) const;
  std::uint64_t offset(int row, int column) const {
    return static_cast<std::uint64_t>(number(row, column));
  }
  bool flag(int row, int column) const;
  // Lives as long as this.
  std::string_view bytes(int row, int column) const;
  std::string text(int row, int column) const { return std::string(bytes(row, column)); }

  std::string_view command() const { return PQcmdStatus(result_.get()); }
  // How many rows a statement changed.
  std::uint64_t changed() const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

using Results = std::vector<Result>;

// What an error of the server means to a caller of a MessageStore.
absl::Status status_of(const PGresult* error);

// The same for a connection that is broken or never was.
absl::Status lost_status(const PGconn* connection, std::string_view doing);

// One line without its end, for libpq ends its messages with one.
std::string trimmed(std::string_view text);

}  // namespace madang::postgres
