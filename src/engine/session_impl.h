// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/command_bucket.h"
#include "engine/heartbeat.h"
#include "engine/lane.h"
#include "engine/member_table.h"
#include "engine/outbox.h"
#include "engine/session_work.h"
#include "engine/subscription_list.h"
#include "madang/engine/engine.h"

namespace madang {

// What a delivery touches of a session: together with the first table of virtual functions one
// cache line, which is all that a delivery to one of a hundred thousand members waits for.
class SessionHead {
 public:
  bool touched : 1 = false;  // stands in the lane's list of sessions to look after

  // The transport takes what it is given at once.
  bool writable() const { return !writing_ && transport_open_; }
  // Nothing waits for the transport, and nothing else will want to be written with what comes: it
  // may go out without passing through the outbox. (What waits there is either touched or being
  // written.)
  bool takes_at_once() const { return !touched && writable() && one_room_; }
  WireFormat format(bool announcements, Deltas deltas) const {
    return {encoder_, framing_, announcements, deltas};
  }
  WireFormat format(const Subscription& subscription) const {
    return format(subscription.announcements,
                  subscription.deltas ? Deltas::kPatches : Deltas::kNone);
  }
  const Transport* transport_address() const { return transport_.get(); }

 protected:
  SessionHead(Lane& lane, std::shared_ptr<Transport> transport, Framing& framing)
      : lane_(lane), framing_(&framing), transport_(std::move(transport)) {}

  enum class Stage : std::uint8_t { kNew, kAsking, kConnected, kRefused };

  bool transport_open_ : 1 = true;  // false: the two no longer call each other
  bool writing_ : 1 = false;
  bool one_room_ : 1 = false;
  bool closing_ : 1 = false;
  bool closed_by_peer_ : 1 = false;
  bool reading_paused_ : 1 = false;
  bool input_refused_ : 1 = false;  // the protocol was told to wait, and is told when to go on
  bool ping_queued_ : 1 = false;
  bool client_refreshes_ : 1 = true;
  bool refreshing_ : 1 = false;
  Stage stage_ : 2 = Stage::kNew;
  std::uint32_t errors_ = 0;
  Lane& lane_;
  Framing* const framing_;
  const Encoder* encoder_ = nullptr;  // from start() on
  const std::shared_ptr<Transport> transport_;
};

// A session and the engine's end of its connection. What is more than bookkeeping has a class of
// its own: the outbox, the order and the rate of commands, requests to the host, the heartbeat;
// what is delivered to it is its lane's matter. The commands are in session_*.cc, a file each
// group.
class alignas(64) SessionImpl final : public Session,
                                      public SessionHead,
                                      public Connection,
                                      private TimerWheel::Timer {
 public:
  SessionImpl(Lane& lane, std::uint64_t number, const ClientId& client,
              std::shared_ptr<Transport> transport, std::unique_ptr<ProtocolSession> protocol,
              Framing& framing);
  ~SessionImpl() override;

  void start();

  // --- Session -----------------------------------------------------------------------------------
  Engine& engine() override;
  std::size_t lane() const override { return lane_.index(); }
  const ClientId& client() const override { return info_->client; }
  std::string_view user() const override { return info_->user; }
  const ClientInfoRef& info() const override { return info_; }
  bool connected() const override { return stage_ == Stage::kConnected; }
  bool closing() const override { return closing_; }
  bool in_room(std::string_view room) const override;
  std::vector<std::string> rooms() const override;
  const TransportInfo& transport() const override { return transport_->info(); }
  bool json_only() const override { return protocol_->json_only(); }
  std::shared_ptr<void>& attachment() override { return extra().attachment; }

  absl::Status send(Payload message) override;
  absl::Status join(std::string_view room, JoinOptions options) override;
  absl::Status leave(std::string_view room, const LeaveReason& reason) override;
  void refresh(std::optional<WallTime> expires) override;
  void close(const CloseReason& reason) override;

  Admission admit_command() override;
  Admission count_error() override;
  bool wants_input() override;
  void connect_command(ConnectCommand command, Callback<ConnectResult> done) override;
  void join_command(JoinCommand command, Callback<JoinResult> done) override;
  void leave_command(std::string_view room, Callback<bool> done) override;
  void publish_command(PublishRequest request, Callback<bool> done) override;
  void presence_command(std::string room, Callback<std::vector<ClientInfoRef>> done) override;
  void presence_stats_command(std::string room, Callback<PresenceStats> done) override;
  void history_command(std::string room, HistoryQuery query, Callback<HistoryResult> done) override;
  void rpc_command(RpcRequest request, Callback<Payload> done) override;
  void message_command(Payload message) override;
  void refresh_command(RefreshRequest request, Callback<RefreshResult> done) override;
  absl::Status pong_received() override;
  void write_message(std::string_view message) override;

  // --- Connection --------------------------------------------------------------------------------
  void received(std::string_view message, MessageKind kind) override;
  void written(std::size_t bytes, bool done) override;
  void closed(const CloseReason& reason) override;

  // --- For the lane ------------------------------------------------------------------------------
  std::uint64_t number() const { return number_; }
  Outbox& outbox() { return outbox_; }
  const Outbox& outbox() const { return outbox_; }
  // Only if it takes_at_once().
  void write_at_once(const Payload& frames, std::uint64_t messages) {
    assert(outbox_.empty());
    lane_.count().delivered.add(messages);
    wrote(transport_->write({&frames, 1}));
  }
  // What events are encoded by for this session, in a format() of it or its WireFormat::whole().
  const Encoder& encoder_of(const WireFormat& format) const {
    return format.deltas == Deltas::kNone ? *format.encoder : *protocol_->delta_encoder();
  }
  // Writes what the transport takes and starts or stops reading, as the bounds want it.
  void write_out();
  // Leaves the rooms, tells the transport and the host. The last call before the destructor.
  void end(const CloseReason& reason);

  // The subscription of this room; null if there is none.
  Subscription* find(std::string_view room) const { return subscriptions_.find(room); }
  // Subscriptions that are behind: the next to be served, or null.
  Subscription* first_behind() const {
    return work_ == nullptr || work_->behind.empty() ? nullptr : work_->behind.front();
  }
  void add_behind(Subscription& subscription);
  void remove_behind(Subscription& subscription);
  // The subscription lost its place and its room's policy is to end it.
  void drop_lost(Subscription& subscription, bool whole_session);

  template <typename Answer>
  void answered(std::uint64_t request, absl::StatusOr<Answer> answer);
  void request_timed_out(std::uint64_t request);
  void count_waiting(EngineCounters& counters) const;

 private:
  EngineImpl& core();
  SessionWork& work() {
    if (work_ == nullptr) work_ = std::make_unique<SessionWork>();
    return *work_;
  }
  SessionExtra& extra() {
    if (extra_ == nullptr) extra_ = std::make_unique<SessionExtra>();
    return *extra_;
  }
  const Limits& limits() const { return lane_.limits(); }

  // Asks the host, under a number that Lane::next_number() gave. `done` gets its answer, or an
  // error if there is none in time; perhaps before this returns.
  template <typename Request, typename Answer>
  void ask(std::uint64_t number, const Handlers::Asks<Request, Answer>& handler,
           const Request& request, Callback<Answer> done);
  // Makes a call of the host's that may throw.
  template <typename Call>
  void tell(Call call);
  void handler_threw(std::string_view what);

  void finish_connect(absl::StatusOr<ConnectAnswer> answer, const StringMap<StreamPosition>& since,
                      Callback<ConnectResult>& done);
  absl::Status accept_connect(ConnectAnswer& answer, const StringMap<StreamPosition>& since,
                              ConnectResult& result);
  // Makes the session a member. The subscription exists and is asking.
  absl::StatusOr<JoinResult> enter(std::string_view room, Subscription& subscription,
                                   JoinOptions options, bool deltas, const PageBounds& page);
  // What of its recovery a reply may bring; the rest follows.
  PageBounds first_page() const;
  // Whether members that read JSON can be shown this, which loses its line breaks.
  bool fits_protocol(Payload& info) const;
  // The host has answered a join. Finishes the command.
  void answer_join(const std::string& room, const JoinCommand& command,
                   absl::StatusOr<JoinAnswer> answer, Callback<JoinResult> done);
  void finish_join(const std::string& room, absl::StatusOr<JoinOptions> options, bool deltas,
                   Callback<JoinResult>& done);
  // Calls `then` when these rooms are loaded, or could not be; at once if nothing is to be waited
  // for. A request of its own, under `number`.
  void when_loaded(std::uint64_t number, const std::vector<std::string>& rooms,
                   Callback<bool> then);
  // Ends a membership, or a join under way. The subscription is gone afterwards.
  void drop(Subscription& subscription, const LeaveReason& reason);
  Subscription& add(std::string_view room);
  // Ends what the session knows of it; the lane may still have it as a member.
  std::unique_ptr<Subscription> remove(const Subscription& subscription);
  // Answers `done` with what `read` reads, if the session may read the room.
  template <typename Result>
  using Read = void(Engine&, const std::string&, const HistoryQuery&, Callback<Result>);
  template <typename Result>
  void read_room(std::string room, ReadRequest::What what, Callback<Result> done,
                 Read<Result>* read, HistoryQuery query);

  // Makes a request of a call whose answer comes from anywhere: it is given to `done` on this lane,
  // unless the session has gone by then.
  template <typename Answer>
  Callback<Answer> expect(std::uint64_t number, Callback<Answer> done);
  void publish_accepted(const std::string& room, Payload data, PublishAnswer answer,
                        Callback<bool> done);

  std::optional<std::uint32_t> seconds_until(WallTime time) const;
  void look_at_clock(MonoTime deadline);
  WallTime expiry() const { return extra_ == nullptr ? kNeverExpires : extra_->expires; }
  void expire_at(std::optional<WallTime> time);
  void expect_expiry(WallTime time);
  void expired(MonoTime now) override;
  void expire_credentials();
  void refresh_by_host();
  void renew_info(const RefreshAnswer& answer);
  void write_batches();
  void gather_writes(const BatchOptions& batch);
  // Whether what waits to be written shall wait longer.
  bool gathers() { return work_ != nullptr && work_->gathering != nullptr && may_gather(); }
  bool may_gather();
  void set_one_room();
  void read_on();
  void note_write_progress();
  MonoTime write_stalls_at();
  std::size_t commands_under_way() const;
  // Notes what became of a write. True if the next may follow.
  bool wrote(WriteResult result) { return result == WriteResult::kDone || write_stopped(result); }
  bool write_stopped(WriteResult result);
  void ping_written();
  void wheel_off() { lane_.disarm(*this); }
  void count_end(const CloseReason& reason);

  Outbox outbox_;
  SubscriptionList subscriptions_;
  const std::uint64_t number_;
  const std::unique_ptr<ProtocolSession> protocol_;
  Heartbeat heartbeat_;
  CommandBucket bucket_;
  ClientInfoRef info_;
  std::unique_ptr<SessionExtra> extra_;  // see extra()
  std::unique_ptr<SessionWork> work_;    // see work()
};

static_assert(sizeof(SessionHead) + 2 * sizeof(void*) == 64, "one cache line for a delivery");
static_assert(sizeof(SessionImpl) == 192, "a server holds a million of them");

}  // namespace madang
