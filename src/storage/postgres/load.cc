// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/postgres/operations.h"
#include "storage/postgres/row.h"

namespace madang::postgres {
namespace {

constexpr std::size_t kLoadMessagesMax = 1'000'000;
constexpr std::size_t kLoadBytesMax = std::size_t{1} << 30;

std::int64_t bounded(std::size_t number, std::size_t max) {
  return static_cast<std::int64_t>(std::min(number, max));
}

class Open : public StoreOperation {
 public:
  Open(State& state, Callback<OpenResult> done) : StoreOperation(state), reply_(std::move(done)) {}

  absl::Status admit() override {
    if (state_.open_answered)
      return absl::FailedPreconditionError("postgres: this store was opened before");
    return state_.ended;
  }

  // The writer's connection is there, and its setup did all the work.
  absl::StatusOr<Progress> advance(Connection&, Results) override {
    state_.open_answered = true;
    reply_(OpenResult{state_.lineage});
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  Reply<absl::StatusOr<OpenResult>> reply_;
};

class Load : public StoreOperation {
 public:
  Load(State& state, LoadRequest request, Callback<StoredRoom> done)
      : StoreOperation(state), request_(std::move(request)), reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      ask(connection);
      return Progress::kGoesOn;
    }
    auto room = take(results);
    if (!room.ok()) return room.status();
    reply_(*std::move(room));
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  // All of it as of one moment.
  void ask(Connection& connection) {
    const auto& sql = state_.sql;
    connection.send(sql.begin_reading);
    connection.send(sql.load_room, Params().bytes(request_.room));
    connection.send(sql.load_messages, Params()
                                           .bytes(request_.room)
                                           .number(bounded(request_.messages_max, kLoadMessagesMax))
                                           .number(bounded(request_.bytes_max, kLoadBytesMax))
                                           .number(milliseconds_of(request_.since)));
    connection.send(sql.load_keys, Params()
                                       .bytes(request_.room)
                                       .number(bounded(request_.keys_max, kLoadMessagesMax))
                                       .number(milliseconds_of(request_.keys_since)));
    connection.send(sql.commit);
    connection.end_round();
  }

  absl::StatusOr<StoredRoom> take(const Results& results) {
    StoredRoom room;
    room.first = 1;
    const Result& found = results[1];
    if (found.rows() == 0) return room;
    room.top = found.offset(0, 0);
    room.first = found.offset(0, 1);
    room.epoch = found.text(0, 4);
    if (found.bytes(0, 3) != state_.lineage) {
      room.continuity = Continuity::kBroken;
    } else if (found.number(0, 2) <= state_.unclean) {
      room.continuity = Continuity::kStored;
    }

    const Result& messages = results[2];
    std::size_t bytes = 0;
    for (int i = 0; i < messages.rows(); ++i) {
      auto message = message_of(messages, i, 0, request_.room);
      if (!message.ok()) return message.status();
      bytes += message->bytes();
      if (bytes > request_.bytes_max) break;
      room.messages.push_back(*std::move(message));
    }
    std::reverse(room.messages.begin(), room.messages.end());

    const Result& keys = results[3];
    for (int i = keys.rows() - 1; i >= 0; --i)
      room.keys.push_back({keys.text(i, 0), keys.offset(i, 1), time_of(keys.number(i, 2))});
    return room;
  }

  const LoadRequest request_;
  Reply<absl::StatusOr<StoredRoom>> reply_;
  bool asked_ = false;
};

// Ends the writer's term cleanly, and its hold on the store.
class Close : public StoreOperation {
 public:
  Close(State& state, StatusCallback done) : StoreOperation(state), reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      // Before anybody else can have it; and if it is not known whether this arrived, as well.
      state_.lease.end();
      connection.send(state_.sql.end_cleanly, Params().number(state_.term));
      connection.end_round();
      return Progress::kGoesOn;
    }
    if (results[0].changed() != 1 || connection.warnings() > 0)
      return absl::UnavailableError("postgres: it is not known whether the store was closed");
    std::ignore = state_.end(absl::FailedPreconditionError("postgres: the store is closed"));
    for (const Role role : {Role::kWriter, Role::kPrimary, Role::kReplica}) {
      state_.pool->keep(role, false);
      state_.pool->retire(role);
    }
    reply_(absl::OkStatus());
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  Reply<absl::Status> reply_;
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<Operation> make_open(State& state, Callback<OpenResult> done) {
  return std::make_unique<Open>(state, std::move(done));
}

std::unique_ptr<Operation> make_load(State& state, LoadRequest request, Callback<StoredRoom> done) {
  return std::make_unique<Load>(state, std::move(request), std::move(done));
}

std::unique_ptr<Operation> make_close(State& state, StatusCallback done) {
  return std::make_unique<Close>(state, std::move(done));
}

}  // namespace madang::postgres
