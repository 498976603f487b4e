// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/base/callback.h"
#include "madang/base/time.h"

namespace madang {

struct HttpCallerOptions {
  // Calls that are under way or wait for a connection, and the bytes of their bodies.
  std::size_t calls_max = 1'000;
  std::size_t calls_bytes_max = 16 * 1024 * 1024;
  // Calls that are under way at once, each on a connection of its own.
  std::size_t connections_max = 64;
  // Of the body of an answer, and of its headers.
  std::size_t answer_bytes_max = 64 * 1024;
  std::size_t answer_headers_bytes_max = 16 * 1024;
  // A kept connection that was idle for longer is not used again; whole seconds. Several web
  // servers close theirs after five, and a call that meets such a close fails.
  Duration idle_max = std::chrono::seconds(4);

  // Go out with every call, after "Content-Type: application/json".
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string user_agent = "madang";
  // A file of certificates (PEM) to trust instead of the system's, for https.
  std::string ca_file = {};
};

struct HttpAnswer {
  int status = 0;  // of HTTP: 200
  std::string body = {};
};

// Makes HTTP POSTs of JSON: one thread, connections that are kept, HTTP/1.1, a time-out and bounds
// on everything. Redirects are never followed, certificates always checked, and neither proxies nor
// anything else is taken from the environment.
//
// A call is made at most once: it is not repeated, whatever happens to its connection.
class HttpCaller {
 public:
  // InvalidArgument: a header that is none, or no connections. Unavailable: the system gives no
  // memory for a loop.
  static absl::StatusOr<std::unique_ptr<HttpCaller>> make(HttpCallerOptions options);

  // As stop().
  virtual ~HttpCaller() = default;

  // Ends calls under way: they are answered Unavailable, before this returns. Later ones are
  // answered so at once. One thread at a time, and not from within a callback.
  virtual void stop() = 0;

  // Whether post() can take it: http or https, with a host and without a password. InvalidArgument.
  static absl::Status check_url(const std::string& url);

  // Posts `body` to `url`. Any thread. `done` is called once, on the caller's thread, or before
  // this returns where it is refused at once; it must neither wait nor throw, and may call post().
  // Every HTTP status is an answer. The time-out runs from here on, so it counts the waiting.
  //
  //   ResourceExhausted   at a bound on calls; at once
  //   InvalidArgument     the url is none that check_url() takes; at once
  //   DeadlineExceeded    no whole answer in time
  //   OutOfRange          the answer is larger than it may be
  //   Unavailable         not reachable, not to be trusted, cut in mid-answer, or no HTTP
  virtual void post(const std::string& url, std::string body, Duration timeout,
                    Callback<HttpAnswer> done) = 0;
};

}  // namespace madang
