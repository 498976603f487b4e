// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/postgres/postgres_store.h"

#include <algorithm>
#include <utility>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "storage/postgres/clock.h"
#include "storage/postgres/operations.h"

namespace madang {
namespace {

using postgres::Operation;
using postgres::Role;
using postgres::State;

// It goes into statements as it is, so it must be a name that needs no quotes.
bool is_schema_name(std::string_view name) {
  const auto small = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto fits = [&](char c) { return small(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 40 && small(name[0]) &&
         std::all_of(name.begin(), name.end(), fits);
}

absl::Status check_lease(const PostgresOptions& options) {
  const Duration lease = options.writer_lease;
  if (lease != Duration(0) && (lease < kWriterLeaseMin || lease > kWriterLeaseMax))
    return absl::InvalidArgumentError("postgres: the writer's lease is not of 0.1 s to a day");
  if (options.writer_name.size() > kWriterNameBytesMax)
    return absl::InvalidArgumentError("postgres: the writer's name is longer than 255 bytes");
  return absl::OkStatus();
}

postgres::PoolOptions pool_options(State& state) {
  const PostgresOptions& options = state.options;
  postgres::PoolOptions pool;
  pool.lines[static_cast<std::size_t>(Role::kWriter)] = {options.primary, 1};
  pool.lines[static_cast<std::size_t>(Role::kPrimary)] = {
      options.primary, std::max<std::size_t>(options.primary_readers, 1)};
  if (!options.replica.empty()) {
    pool.lines[static_cast<std::size_t>(Role::kReplica)] = {
        options.replica, std::max<std::size_t>(options.replica_readers, 1)};
  }
  pool.connect_timeout = options.connect_timeout;
  pool.setup_timeout = options.request_timeout + options.writer_wait;
  pool.reconnect_min = options.reconnect_min;
  pool.reconnect_max = options.reconnect_max;
  pool.requests_max = options.requests_max;
  pool.setup = [&state](Role role) { return make_setup(state, role); };
  pool.chore = [&state] { return make_renew_lease(state); };
  return pool;
}

class PostgresStore : public MessageStore, private MessageSearch, private MessageRetention {
 public:
  explicit PostgresStore(PostgresOptions options)
      : state_(std::move(options)), pool_(pool_options(state_)) {
    state_.pool = &pool_;  // before the first call, so before the thread looks
  }

  void open(Callback<OpenResult> done) override {
    if (!is_schema_name(state_.options.schema))
      return done(absl::InvalidArgumentError("postgres: this is no name for a schema"));
    if (absl::Status status = check_lease(state_.options); !status.ok())
      return done(std::move(status));
    auto operation = make_open(state_, std::move(done));
    operation->deadline = postgres::steady_now() + state_.options.connect_timeout +
                          state_.options.request_timeout + state_.options.writer_wait;
    pool_.post(Role::kWriter, std::move(operation));
  }

  void load(LoadRequest request, Callback<StoredRoom> done) override {
    post(Role::kPrimary, make_load(state_, std::move(request), std::move(done)));
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    post(Role::kWriter, make_append(state_, std::move(batch), std::move(done)));
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    const bool replica = replica_may_answer(state_, request);
    pool_.post(replica ? Role::kReplica : Role::kPrimary,
               make_read(state_, std::move(request), std::move(done)));
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    post(Role::kWriter, make_remove(state_, std::move(room), offset, std::move(done)));
  }
  void close(StatusCallback done) override {
    post(Role::kWriter, make_close(state_, std::move(done)));
  }

  Duration lease_left() const override { return state_.lease.left(postgres::lease_now()); }

  MessageSearch* search() override { return state_.options.search ? this : nullptr; }
  MessageRetention* retention() override { return this; }

 private:
  void search(SearchQuery query, Callback<SearchPage> done) override {
    post(Role::kPrimary, make_search(state_, std::move(query), std::move(done)));
  }
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override {
    post(Role::kPrimary, make_rooms(state_, std::move(after), rooms_max, std::move(done)));
  }
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    post(Role::kWriter, make_expire(state_, before, messages_max, std::move(done)));
  }

  void post(Role role, std::unique_ptr<Operation> operation) {
    operation->deadline = postgres::steady_now() + state_.options.request_timeout;
    pool_.post(role, std::move(operation));
  }

  State state_;
  postgres::Pool pool_;  // last: its thread uses the state
};

}  // namespace

std::unique_ptr<MessageStore> make_postgres_store(PostgresOptions options) {
  return std::make_unique<PostgresStore>(std::move(options));
}

}  // namespace madang
