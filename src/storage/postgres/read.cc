// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "storage/postgres/clock.h"
#include "storage/postgres/operations.h"
#include "storage/postgres/page.h"

namespace madang::postgres {
namespace {

constexpr std::size_t kPageMessagesMax = 100'000;
constexpr std::size_t kPageBytesMax = std::size_t{1} << 28;

using PageReply = Reply<absl::StatusOr<StoredPage>>;

class Read : public StoreOperation {
 public:
  Read(State& state, PageRequest request, PageReply reply, bool replica, MonoTime until)
      : StoreOperation(state),
        request_(std::move(request)),
        reply_(std::move(reply)),
        replica_(replica),
        until_(until) {
    deadline = until_;
    if (replica_) deadline = std::min(until_, steady_now() + state.options.replica_timeout);
  }

  absl::StatusOr<Progress> advance(Connection& connection, Results results) override {
    if (!asked_) {
      asked_ = true;
      // First how far a replica is, then the page: it is at least that far then.
      if (replica_) connection.send(state_.sql.replayed);
      connection.send(up() ? state_.sql.page_up : state_.sql.page_down, params());
      connection.end_round();
      return Progress::kGoesOn;
    }
    auto page = page_of(results.back(), request_);
    if (!page.ok()) return page.status();
    if (replica_ &&
        (results[0].number(0, 0) < state_.removed_at || !has_all_known(*page, request_))) {
      return absl::UnavailableError("postgres: the replica lags");
    }
    reply_(std::move(page->page));
    return Progress::kDone;
  }

  // What the replica does not have or does not say, the primary is asked.
  absl::Status fail(absl::Status status) override {
    if (replica_) {
      state_.pool->enqueue(
          Role::kPrimary,
          std::make_unique<Read>(state_, std::move(request_), std::move(reply_), false, until_));
    } else {
      reply_(status);
    }
    return status;
  }

 private:
  bool up() const { return request_.direction == Direction::kUp; }

  Params params() const {
    const std::uint64_t newest = std::numeric_limits<std::int64_t>::max();
    return Params()
        .bytes(request_.room)
        .offset(std::min(request_.cursor, newest))
        .offset(std::clamp<std::size_t>(request_.messages_max, 1, kPageMessagesMax))
        .offset(std::clamp<std::size_t>(request_.bytes_max, 1, kPageBytesMax));
  }

  PageRequest request_;
  PageReply reply_;
  const bool replica_;
  const MonoTime until_;
  bool asked_ = false;
};

}  // namespace

bool replica_may_answer(const State& state, const PageRequest& request) {
  return !state.options.replica.empty() && request.stored_top > 0;
}

std::unique_ptr<Operation> make_read(State& state, PageRequest request, Callback<StoredPage> done) {
  const bool replica = replica_may_answer(state, request);
  return std::make_unique<Read>(state, std::move(request), PageReply(std::move(done)), replica,
                                steady_now() + state.options.request_timeout);
}

}  // namespace madang::postgres
