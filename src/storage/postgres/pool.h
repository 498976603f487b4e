// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "madang/base/random.h"
#include "madang/base/ring.h"
#include "storage/postgres/connection.h"
#include "storage/postgres/operation.h"

namespace madang::postgres {

// Who a request is for.
enum class Role : std::uint8_t { kWriter, kPrimary, kReplica };
inline constexpr std::size_t kRoles = 3;

struct PoolOptions {
  struct Line {
    std::string conninfo = {};
    std::size_t connections = 1;
  };
  std::array<Line, kRoles> lines = {};
  Duration connect_timeout = {};
  Duration setup_timeout = {};
  Duration reconnect_min = {};
  Duration reconnect_max = {};
  std::size_t requests_max = 0;
  // What a new connection is told before anything else.
  std::function<std::unique_ptr<Operation>(Role)> setup = {};
  // What the writer's connection does when plan_chore() says so.
  std::function<std::unique_ptr<Operation>()> chore = {};
};

// The thread that talks to the servers: a line of requests for each role, each with a few
// connections, which are made when somebody waits and made again, with pauses that grow, when they
// fail.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  // What is left unanswered is answered Unavailable. Not from within a callback.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Takes a request, or answers it ResourceExhausted. Any thread.
  void post(Role role, std::unique_ptr<Operation> operation);

  // The following only from the pool's thread.

  // Lets a request wait; the bound does not count, for it is the rest of one that was let in.
  void enqueue(Role role, std::unique_ptr<Operation> operation);
  // Whether the line's first connection is to be there even if nobody waits.
  void keep(Role role, bool keep) { line(role).keep = keep; }
  // When the writer's connection is to do the chore, before those that wait; once. max(): never.
  void plan_chore(MonoTime at) { chore_at_ = at; }
  // Ends the connections of a line when what they do is done.
  void retire(Role role) { line(role).retiring = true; }

 private:
  enum class Stage { kDown, kConnecting, kSetup, kIdle, kBusy, kRollback };
  struct Slot {
    Connection connection = {};
    Stage stage = Stage::kDown;
    std::unique_ptr<Operation> operation = {};
    MonoTime deadline = MonoTime::max();
    short ready = 0;
  };
  struct Line {
    std::vector<Slot> slots = {};
    Ring<std::unique_ptr<Operation>> waiting = {};
    int failures = 0;
    MonoTime retry_at = {};  // long ago
    bool keep = false;
    bool retiring = false;
  };

  Line& line(Role role) { return lines_[static_cast<std::size_t>(role)]; }
  void run();
  void take_posted();
  void wait();
  void serve(std::size_t role);
  void connect(std::size_t role, Slot& slot, MonoTime now);
  bool may_do_chore(std::size_t role, const Slot& slot) const;
  void begin(std::size_t role, Slot& slot, std::unique_ptr<Operation> operation);
  void turn(std::size_t role, Slot& slot);
  void step(std::size_t role, Slot& slot, Results results);
  void done(std::size_t role, Slot& slot);
  void lose(std::size_t role, Slot& slot, const absl::Status& why);
  void expire(Line& line, MonoTime now);
  bool wants_connection(const Line& line) const;
  // Whether a connection of the line works.
  static bool served(const Line& line);
  static void fail_waiting(Line& line, const absl::Status& status);
  std::size_t load() const;

  const PoolOptions options_;
  SystemRandom random_;
  std::array<Line, kRoles> lines_;  // touched only by the thread, like the next
  MonoTime chore_at_ = MonoTime::max();
  int wake_ = -1;

  std::mutex mutex_;
  Ring<std::pair<Role, std::unique_ptr<Operation>>> posted_;
  std::size_t held_ = 0;  // let in and not yet answered, as the thread last counted
  bool stopping_ = false;

  std::thread thread_;  // last: it uses the others
};

}  // namespace madang::postgres
