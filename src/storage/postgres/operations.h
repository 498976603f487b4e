// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "storage/postgres/state.h"

namespace madang::postgres {

// Each call of the interfaces is one operation.
std::unique_ptr<Operation> make_open(State& state, Callback<OpenResult> done);
std::unique_ptr<Operation> make_load(State& state, LoadRequest request, Callback<StoredRoom> done);
std::unique_ptr<Operation> make_append(State& state, MessageBatch batch,
                                       Callback<AppendResult> done);
// For the line of the replica if that may answer, from where it goes on to the primary's by itself.
// Who does not know of anything stored is not told by a replica that there is nothing.
bool replica_may_answer(const State& state, const PageRequest& request);
std::unique_ptr<Operation> make_read(State& state, PageRequest request, Callback<StoredPage> done);
std::unique_ptr<Operation> make_remove(State& state, std::string room, std::uint64_t offset,
                                       StatusCallback done);
std::unique_ptr<Operation> make_renew_lease(State& state);
std::unique_ptr<Operation> make_close(State& state, StatusCallback done);
std::unique_ptr<Operation> make_rooms(State& state, std::string after, std::size_t rooms_max,
                                      Callback<std::vector<RoomSummary>> done);
std::unique_ptr<Operation> make_expire(State& state, WallTime before, std::size_t messages_max,
                                       Callback<std::size_t> done);
std::unique_ptr<Operation> make_search(State& state, SearchQuery query, Callback<SearchPage> done);

}  // namespace madang::postgres
