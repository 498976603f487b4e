// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/pool.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "storage/postgres/clock.h"

namespace madang::postgres {
namespace {

const Statement kRollback = {"", "ROLLBACK"};

}  // namespace

Pool::Pool(PoolOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < kRoles; ++i) {
    // Slots do not move: libpq keeps the address of a connection.
    lines_[i].slots = std::vector<Slot>(options_.lines[i].connections);
  }
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  ::close(wake_);
}

void Pool::post(Role role, std::unique_ptr<Operation> operation) {
  bool refused = false;
  {
    const std::lock_guard lock(mutex_);
    refused = posted_.size() + held_ >= options_.requests_max;
    if (!refused) posted_.push_back({role, std::move(operation)});
  }
  if (refused) {
    operation->fail(absl::ResourceExhaustedError("postgres: too many calls wait")).IgnoreError();
  } else {
    eventfd_write(wake_, 1);
  }
}

void Pool::enqueue(Role role, std::unique_ptr<Operation> operation) {
  if (const absl::Status status = operation->admit(); !status.ok()) {
    operation->fail(status).IgnoreError();
  } else {
    line(role).waiting.push_back(std::move(operation));
  }
}

std::size_t Pool::load() const {
  std::size_t count = 0;
  for (const Line& line : lines_) {
    count += line.waiting.size();
    for (const Slot& slot : line.slots)
      count += slot.stage == Stage::kBusy;
  }
  return count;
}

void Pool::take_posted() {
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
  Ring<std::pair<Role, std::unique_ptr<Operation>>> posted;
  {
    const std::lock_guard lock(mutex_);
    posted = std::exchange(posted_, {});
    held_ = load() + posted.size();
  }
  while (!posted.empty()) {
    auto [role, operation] = posted.pop_front();
    enqueue(role, std::move(operation));
  }
}

void Pool::run() {
  for (;;) {
    take_posted();
    // From the back, because what the replica does not answer goes on to the primary.
    for (std::size_t role = kRoles; role-- > 0;)
      serve(role);
    {
      const std::lock_guard lock(mutex_);
      held_ = load();
      if (stopping_) break;
    }
    wait();
  }
  const absl::Status gone = absl::UnavailableError("postgres: the store is gone");
  for (std::size_t role = kRoles; role-- > 0;) {
    Line& line = lines_[role];
    for (Slot& slot : line.slots) {
      slot.connection.close();
      if (slot.operation != nullptr) slot.operation->fail(gone).IgnoreError();
    }
    while (!line.waiting.empty())
      line.waiting.pop_front()->fail(gone).IgnoreError();
  }
  // Callbacks may have called again.
  for (;;) {
    Ring<std::pair<Role, std::unique_ptr<Operation>>> posted;
    {
      const std::lock_guard lock(mutex_);
      posted = std::exchange(posted_, {});
    }
    if (posted.empty()) return;
    while (!posted.empty())
      posted.pop_front().second->fail(gone).IgnoreError();
  }
}

bool Pool::wants_connection(const Line& line) const {
  std::size_t coming = 0;
  std::size_t there = 0;
  for (const Slot& slot : line.slots) {
    coming += slot.stage == Stage::kConnecting || slot.stage == Stage::kSetup;
    there += slot.stage != Stage::kDown;
  }
  return line.waiting.size() > coming || (line.keep && there == 0 && !line.slots.empty());
}

void Pool::expire(Line& line, MonoTime now) {
  // Those that go on wait again, in order.
  for (std::size_t i = line.waiting.size(); i > 0; --i) {
    auto operation = line.waiting.pop_front();
    if (operation->deadline <= now) {
      operation->fail(absl::UnavailableError("postgres: no connection in time")).IgnoreError();
    } else {
      line.waiting.push_back(std::move(operation));
    }
  }
}

void Pool::serve(std::size_t role) {
  Line& line = lines_[role];
  for (Slot& slot : line.slots) {
    if (slot.ready != 0) turn(role, slot);
  }
  const MonoTime now = steady_now();
  for (Slot& slot : line.slots) {
    if (slot.deadline <= now)
      lose(role, slot, absl::UnavailableError("postgres: the server did not answer in time"));
  }
  expire(line, now);
  // A replica that is known to be away is not waited for.
  if (static_cast<Role>(role) == Role::kReplica && line.failures > 0 && !served(line))
    fail_waiting(line, absl::UnavailableError("postgres: the replica is away"));
  for (Slot& slot : line.slots) {
    if (may_do_chore(role, slot) && chore_at_ <= now) {
      chore_at_ = MonoTime::max();
      begin(role, slot, options_.chore());
    }
    while (slot.stage == Stage::kIdle && !line.waiting.empty())
      begin(role, slot, line.waiting.pop_front());
    if (slot.stage == Stage::kIdle && line.retiring) {
      slot.connection.close();
      slot.stage = Stage::kDown;
    }
  }
  for (Slot& slot : line.slots) {
    if (slot.stage == Stage::kDown && now >= line.retry_at && wants_connection(line))
      connect(role, slot, now);
  }
}

void Pool::connect(std::size_t role, Slot& slot, MonoTime now) {
  slot.connection.connect(options_.lines[role].conninfo);
  slot.stage = Stage::kConnecting;
  slot.deadline = now + options_.connect_timeout;
}

// A connection that is not there yet does in its setup what else is the chore.
bool Pool::may_do_chore(std::size_t role, const Slot& slot) const {
  return static_cast<Role>(role) == Role::kWriter && slot.stage == Stage::kIdle;
}

void Pool::begin(std::size_t role, Slot& slot, std::unique_ptr<Operation> operation) {
  slot.operation = std::move(operation);
  slot.stage = Stage::kBusy;
  slot.deadline = slot.operation->deadline;
  step(role, slot, {});
}

void Pool::turn(std::size_t role, Slot& slot) {
  slot.ready = 0;
  if (slot.stage == Stage::kDown) return;
  switch (slot.connection.turn()) {
    case Connection::News::kNone:
      return;
    case Connection::News::kLost:
      return lose(role, slot, slot.connection.error());
    case Connection::News::kConnected:
      slot.stage = Stage::kSetup;
      slot.deadline = steady_now() + options_.setup_timeout;
      slot.operation = options_.setup(static_cast<Role>(role));
      slot.operation->deadline = slot.deadline;
      return step(role, slot, {});
    case Connection::News::kRound:
      break;
  }
  const absl::Status status = slot.connection.round_status();
  if (slot.stage == Stage::kRollback) {
    if (!status.ok()) return lose(role, slot, status);
    return done(role, slot);
  }
  if (status.ok()) return step(role, slot, slot.connection.take_results());
  if (slot.stage == Stage::kSetup) return lose(role, slot, status);
  slot.operation->fail(status).IgnoreError();
  done(role, slot);
}

void Pool::step(std::size_t role, Slot& slot, Results results) {
  const auto progress = slot.operation->advance(slot.connection, std::move(results));
  if (!progress.ok()) {
    if (slot.stage == Stage::kSetup) return lose(role, slot, progress.status());
    slot.operation->fail(progress.status()).IgnoreError();
    return done(role, slot);
  }
  if (*progress == Progress::kDone) return done(role, slot);
  slot.deadline = slot.operation->deadline;
  turn(role, slot);  // what was queued goes out now
}

void Pool::done(std::size_t role, Slot& slot) {
  if (slot.stage == Stage::kSetup) {
    lines_[role].failures = 0;
    lines_[role].retiring = false;
  }
  slot.operation = nullptr;
  if (slot.connection.in_transaction()) {
    slot.stage = Stage::kRollback;
    slot.deadline = steady_now() + options_.setup_timeout;
    slot.connection.send(kRollback);
    slot.connection.end_round();
    return turn(role, slot);
  }
  slot.stage = Stage::kIdle;
  slot.deadline = MonoTime::max();
}

void Pool::lose(std::size_t role, Slot& slot, const absl::Status& why) {
  Line& line = lines_[role];
  slot.connection.close();
  slot.deadline = MonoTime::max();
  const bool never_was = slot.stage == Stage::kConnecting || slot.stage == Stage::kSetup;
  slot.stage = Stage::kDown;
  absl::Status said = why;
  if (auto operation = std::move(slot.operation)) said = operation->fail(why);

  Duration pause = options_.reconnect_min;
  for (int i = 0; i < line.failures && pause < options_.reconnect_max; ++i)
    pause *= 2;
  pause = std::min(pause, options_.reconnect_max);
  // A random half of it is taken off, so that many stores do not come back at once.
  const auto half = static_cast<std::uint64_t>(pause.count() / 2 + 1);
  line.retry_at =
      steady_now() + pause - Duration(static_cast<Duration::rep>(random_.next() % half));
  ++line.failures;
  // Those that wait go on if another connection serves them, and hear the reason if none does.
  if (never_was && !served(line)) fail_waiting(line, said);
}

bool Pool::served(const Line& line) {
  return std::any_of(line.slots.begin(), line.slots.end(), [](const Slot& slot) {
    return slot.stage == Stage::kIdle || slot.stage == Stage::kBusy ||
           slot.stage == Stage::kRollback;
  });
}

void Pool::fail_waiting(Line& line, const absl::Status& status) {
  for (std::size_t i = line.waiting.size(); i > 0; --i)
    line.waiting.pop_front()->fail(status).IgnoreError();
}

void Pool::wait() {
  std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
  std::vector<Slot*> slots;
  const MonoTime now = steady_now();
  MonoTime next = MonoTime::max();
  for (std::size_t role = 0; role < kRoles; ++role) {
    Line& line = lines_[role];
    for (Slot& slot : line.slots) {
      if (slot.stage == Stage::kDown) continue;
      next = std::min(next, slot.deadline);
      if (may_do_chore(role, slot)) next = std::min(next, chore_at_);
      // One that failed before it had a descriptor is looked at now.
      if (!slot.connection.open() || slot.connection.descriptor() < 0) {
        slot.ready = POLLERR;
        next = now;
        continue;
      }
      polled.push_back({slot.connection.descriptor(), slot.connection.events(), 0});
      slots.push_back(&slot);
    }
    for (std::size_t i = 0; i < line.waiting.size(); ++i)
      next = std::min(next, line.waiting[i]->deadline);
    if (wants_connection(line)) {
      const bool free = std::any_of(line.slots.begin(), line.slots.end(),
                                    [](const Slot& slot) { return slot.stage == Stage::kDown; });
      if (free) next = std::min(next, line.retry_at);
    }
  }
  // Without the descriptor that wakes it the thread has to look by itself.
  if (wake_ < 0) next = std::min(next, now + std::chrono::milliseconds(20));
  int timeout_ms = -1;
  if (next != MonoTime::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  if (::poll(polled.data(), polled.size(), timeout_ms) <= 0) return;
  for (std::size_t i = 0; i < slots.size(); ++i)
    slots[i]->ready = polled[i + 1].revents;
}

}  // namespace madang::postgres
