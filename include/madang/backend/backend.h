// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "madang/backend/http_caller.h"
#include "madang/base/log.h"
#include "madang/base/time.h"
#include "madang/engine/handlers.h"

namespace madang {

// Where one thing is asked or told. Without a URL it is not.
struct BackendMethod {
  std::string url = {};
  // Longer is a failure. Less than Limits::handler_timeout, after which the engine asks no more.
  Duration timeout = std::chrono::seconds(1);
};

struct BackendOptions {
  // Asked.
  BackendMethod connect = {};
  BackendMethod refresh = {};    // a connection whose expire_at has come
  BackendMethod subscribe = {};  // Handlers::join
  BackendMethod publish = {};
  BackendMethod rpc = {};
  BackendMethod sub_refresh = {};  // a client that asks for its subscription to go on
  // Told: at most once, and not at all when too many wait.
  BackendMethod disconnect = {};
  BackendMethod unsubscribe = {};  // Handlers::leave

  // How calls are made, and how many at once. Events, which nobody waits for, have a thread,
  // connections and bounds of their own.
  HttpCallerOptions http = {};
  std::size_t events_max = 1'000;
  std::size_t event_connections_max = 8;

  // A backend that is away: after so many calls of a method in a row that were not answered (not
  // reachable, no answer in time, cut, an HTTP status of 500 and above) its calls fail at once for
  // a while. Then one is let through as a probe, and while probes fail the pauses double. 0: never.
  std::uint32_t failures_max = 10;
  Duration pause_min = std::chrono::seconds(1);
  Duration pause_max = std::chrono::seconds(30);

  // How much longer a connection lasts whose refresh the backend did not answer, each time. 0: it
  // ends (3005).
  Duration refresh_grace = std::chrono::seconds(60);

  // Hears of failures, once a second and method at most. May be null; outlives the backend.
  LogSink* log = nullptr;
};

// What became of calls, since the start. Each call is one of those down to `full`, in the end.
struct BackendCounters {
  std::uint64_t calls = 0;        // handlers were asked, events not counted
  std::uint64_t results = 0;      // the backend said yes
  std::uint64_t errors = 0;       // it answered an error
  std::uint64_t disconnects = 0;  // it ended the session
  std::uint64_t unreachable = 0;  // no connection, or cut
  std::uint64_t timed_out = 0;
  std::uint64_t bad_status = 0;  // of HTTP, not 200
  std::uint64_t malformed = 0;   // not as it should be
  std::uint64_t too_large = 0;
  std::uint64_t away = 0;  // refused at once, because the backend did not answer before
  std::uint64_t full = 0;  // refused at once, at the bound on calls

  std::uint64_t events = 0;       // happened
  std::uint64_t events_told = 0;  // answered 200, whatever else
  std::uint64_t events_failed = 0;
  std::uint64_t events_dropped = 0;  // too many waited, or the backend was away
};

// Lets a backend in whatever language decide what the handlers of an engine decide: each becomes an
// HTTP POST of JSON, in the shapes that the "proxy" endpoints of the field have.
//
//   auto backend = Backend::make({.connect = {"http://127.0.0.1:3000/connect"}});
//   auto engine = Engine::create({.lanes = ..., .handlers = (*backend)->handlers()});
//
// or, with tokens and kinds of rooms, as AccessOptions::host.
//
// Every request has
//
//   "client" "transport" "protocol" ("json" or "protobuf") "encoding" ("json")
//
// and all but connect "user"; to them come
//
//   connect      name version token data         -> user expire_at info data channels subs
//   refresh      token                           -> expired expire_at info
//   subscribe    channel token data              -> info data expire_at
//   publish      channel data                    -> data skip_history
//   rpc          method data                     -> data
//   sub_refresh  channel token                   -> expired expire_at
//   disconnect   code reason
//   unsubscribe  channel code reason
//
// What is empty is left out. `data` and `info` are JSON; what is no JSON goes as `b64data` and may
// come as `b64data` and `b64info`. `expire_at` is in seconds since 1970; none, or 0, is never.
// `subs` has {"info","b64info","data","b64data"} by channel. `user` may be empty: a guest. What
// else an answer has is checked to be JSON and ignored; null is as good as not there.
//
// An answer is one of
//
//   {"result":{...}}       yes
//   {"error":{"code","message","temporary"}}
//                          told to the client. `code` is 400 to 1999, or one of the protocol's own,
//                          100 to 113, which then means what it means there
//   {"disconnect":{"code","reason"}}
//                          the session ends. `code` is 4000 to 4999, or 3000 to 3999 of the
//                          protocol's own; `reason` has at most 123 bytes, else another is told
//
// with the HTTP status 200. Anything else is a failure, which says no: Unavailable (100, temporary)
// to the client, so that it tries again, and ResourceExhausted (111) when too many calls are under
// way. A failed refresh of the host's is another matter: see refresh_grace.
//
// A call is made at most once. All methods: any thread.
class Backend {
 public:
  // InvalidArgument: a URL, a header, a time-out that is not from 1 ms to a minute, no pause.
  static absl::StatusOr<std::unique_ptr<Backend>> make(BackendOptions options);

  // Ends the calls under way, which are answered Unavailable. Handlers may outlive it: they answer
  // so from then on.
  virtual ~Backend() = default;

  // Those whose methods have a URL, the others unset. They do not wait: answers come from the
  // backend's thread.
  virtual Handlers handlers() const = 0;

  virtual BackendCounters counters() const = 0;
};

}  // namespace madang
