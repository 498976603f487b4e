// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "storage/postgres/operations.h"

namespace madang::postgres {
namespace {

// Rows that one round deletes, so that appends do not wait for long.
constexpr std::int64_t kDeletedAtOnce = 5000;

using RemoveReply = Reply<absl::Status>;

// Deletes the rows of what is marked as removed, in portions between which others have their turn.
class DeleteRows : public StoreOperation {
 public:
  DeleteRows(State& state, std::string room, RemoveReply reply, MonoTime until)
      : StoreOperation(state), room_(std::move(room)), reply_(std::move(reply)) {
    deadline = until;
  }

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      connection.send(state_.sql.delete_below, Params().bytes(room_).number(kDeletedAtOnce));
      connection.send(state_.sql.written);
      connection.end_round();
      return Progress::kGoesOn;
    }
    state_.removed_at = results[1].number(0, 0);
    if (results[0].changed() == kDeletedAtOnce) {
      state_.pool->enqueue(
          Role::kWriter, std::make_unique<DeleteRows>(state_, room_, std::move(reply_), deadline));
    } else {
      reply_(absl::OkStatus());
    }
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  const std::string room_;
  RemoveReply reply_;
  bool asked_ = false;
};

// Marks messages as removed, after which nobody sees them.
class Remove : public StoreOperation {
 public:
  Remove(State& state, std::string room, std::uint64_t offset, StatusCallback done)
      : StoreOperation(state),
        room_(std::move(room)),
        offset_(std::min<std::uint64_t>(offset, std::numeric_limits<std::int64_t>::max())),
        reply_(std::move(done)) {}

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    switch (step_++) {
      case 0:
        connection.send(state_.sql.begin);
        connection.send(state_.sql.fence);
        connection.send(state_.sql.mark_removed, Params().bytes(room_).offset(offset_));
        connection.end_round();
        return Progress::kGoesOn;
      case 1: {
        if (const absl::Status status = check_fence(results[1]); !status.ok()) return status;
        std::vector<std::int64_t> ids;
        for (int i = 0; i < results[2].rows(); ++i)
          ids.push_back(results[2].number(i, 0));
        connection.send(state_.sql.refresh_first, Params().numbers(ids));
        connection.send(state_.sql.commit);
        connection.end_round();
        return Progress::kGoesOn;
      }
      default:
        break;
    }
    if (results.back().command() != "COMMIT")
      return absl::UnavailableError("postgres: the removal was not committed");
    state_.pool->enqueue(Role::kWriter,
                         std::make_unique<DeleteRows>(state_, room_, std::move(reply_), deadline));
    return Progress::kDone;
  }

  absl::Status fail(absl::Status status) override {
    reply_(status);
    return status;
  }

 private:
  const std::string room_;
  const std::uint64_t offset_;
  RemoveReply reply_;
  int step_ = 0;
};

}  // namespace

std::unique_ptr<Operation> make_remove(State& state, std::string room, std::uint64_t offset,
                                       StatusCallback done) {
  return std::make_unique<Remove>(state, std::move(room), offset, std::move(done));
}

}  // namespace madang::postgres
