// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/state.h"

#include "storage/sqlite/record.h"

namespace madang::sqlite {
namespace {

std::int64_t seal_of(const State& state) {
  Seal seal;
  for (const std::int64_t number : {state.term, state.open_term, state.unclean_term,
                                    state.generation, state.mark, state.indexed}) {
    seal.add(static_cast<std::uint64_t>(number));
  }
  // Stores had no such column once, and none had anything in it.
  if (state.spill_windows != 0) seal.add(static_cast<std::uint64_t>(state.spill_windows));
  return seal.add(state.lineage).add(state.file).value();
}

}  // namespace

State read_state(Database& database) {
  Statement select(database,
                   "SELECT term, open_term, unclean_term, generation, lineage, file, mark, indexed,"
                   " spill, seal FROM state");
  Rows rows(select);
  State state;
  if (!rows.next()) {
    database.fail(absl::DataLossError("the store has lost its state"));
    return state;
  }
  state.term = rows.number(0);
  state.open_term = rows.number(1);
  state.unclean_term = rows.number(2);
  state.generation = rows.number(3);
  state.lineage = rows.bytes(4);
  state.file = rows.bytes(5);
  state.mark = rows.number(6);
  state.indexed = rows.number(7);
  state.spill_windows = rows.number(8);
  if (rows.number(9) != seal_of(state)) {
    database.fail(absl::DataLossError("the store's state is damaged"));
  }
  return state;
}

void insert_state(Database& database, const State& state) {
  Statement insert(database,
                   "INSERT INTO state(id, term, open_term, unclean_term, generation, lineage, file,"
                   " mark, indexed, spill, seal) VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  run(database, insert, state.term, state.open_term, state.unclean_term, state.generation,
      state.lineage, state.file, state.mark, state.indexed, state.spill_windows, seal_of(state));
}

StateRow::StateRow(Database& database)
    : database_(database),
      update_(database,
              "UPDATE state SET term = ?, open_term = ?, unclean_term = ?, generation = ?,"
              " lineage = ?, file = ?, mark = ?, indexed = ?, spill = ?, seal = ?"
              " WHERE id = 1 AND term = ?") {}

void StateRow::update(const State& state, std::int64_t term_before) {
  const bool done = run(database_, update_, state.term, state.open_term, state.unclean_term,
                        state.generation, state.lineage, state.file, state.mark, state.indexed,
                        state.spill_windows, seal_of(state), term_before);
  if (done && sqlite3_changes(database_.handle()) != 1) {
    database_.fail(absl::FailedPreconditionError("another writer has taken the store"));
  }
}

}  // namespace madang::sqlite
