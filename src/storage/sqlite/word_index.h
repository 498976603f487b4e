// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "madang/storage/message_search.h"
#include "storage/sqlite/database.h"

namespace madang::sqlite {

// The words of all messages, by the rows they are in. It holds no text, so whoever takes a message
// out of it must bring the same payload again.
class WordIndex {
 public:
  explicit WordIndex(Database& database);

  static void make(Database& database);
  static void drop(Database& database);

  void add(std::int64_t row, std::string_view payload);
  void remove(std::int64_t row, std::string_view payload);

 private:
  Database& database_;
  Statement insert_;
  Statement delete_;
};

// `phrases` in the query language of the index.
std::string query_of(const std::vector<SearchPhrase>& phrases);

}  // namespace madang::sqlite
