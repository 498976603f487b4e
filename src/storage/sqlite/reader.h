// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/message_rows.h"
#include "storage/sqlite/rooms.h"
#include "storage/sqlite/searcher.h"

namespace madang::sqlite {

// What a reader must know of the writer beside it. It does not change while the store is open.
struct Since {
  std::int64_t generation = 0;
  std::int64_t unclean_term = 0;
};

// All that only reads, on one thread, with a connection of its own. Each call sees one moment.
class Reader {
 public:
  Reader(const SqliteOptions& options, const Since& since) : options_(options), since_(since) {}

  absl::StatusOr<StoredRoom> load(const LoadRequest& request);
  absl::StatusOr<StoredPage> read(const PageRequest& request);
  absl::StatusOr<std::vector<RoomSummary>> rooms(const std::string& after, std::size_t rooms_max);
  absl::StatusOr<SearchPage> search(const SearchQuery& query);

 private:
  struct Tables {
    explicit Tables(Database& database);

    RoomTable rooms;
    MessageWalk messages;
    RowWalk keys;
    SearchStatements search;
  };

  template <typename Result, typename Task>
  absl::StatusOr<Result> with_snapshot(Task task);
  Continuity continuity_of(const Room& room) const;
  void load_messages(const LoadRequest& request, const Room& room, StoredRoom& stored);
  void load_keys(const LoadRequest& request, const Room& room, StoredRoom& stored);

  const SqliteOptions& options_;
  const Since since_;
  std::unique_ptr<Database> database_;  // null until it is needed
  std::unique_ptr<Tables> tables_;
};

}  // namespace madang::sqlite
