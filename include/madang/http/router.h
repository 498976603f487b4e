// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/http/request.h"
#include "madang/http/response.h"

namespace madang::http {

// The right and the duty to answer one request. It may be kept and used later, from any thread
// (one at a time); a responder that is dropped unused answers 500.
class Responder {
 public:
  // How the answer reaches the client. Supplied by the transport, which calls it at most once, on
  // the thread that answers; it may not throw. The connection may be gone by then.
  using Send = std::function<void(Response)>;

  explicit Responder(Send send) : send_(std::move(send)) {}
  ~Responder();
  Responder(Responder&& other) noexcept;

  // First answers 500 for what this responder stood for, if that is still open.
  Responder& operator=(Responder&& other) noexcept;

  // Answers. Returns false and does nothing if the answer was given before.
  bool send(Response response);

  // Whether nothing is left to answer: the answer was given or the responder moved away.
  bool answered() const { return !send_; }

 private:
  friend class Router;

  void drop() noexcept;

  Send send_;
  bool omit_body_ = false;  // The request is a HEAD.
};

// Leads requests to the functions that answer them, by method and path. A path is compared as
// bytes, decoded, with regard to case.
//
// An exact path is preferred to a prefix, and a longer prefix to a shorter one. Among the methods
// of that one route, HEAD is answered by the handler for GET unless it has its own, and its body is
// left out. Where the method has no handler the answer is 405 with Allow; where no route matches,
// 404.
//
// Routes are added before the first request; route() may then be called from any thread.
class Router {
 public:
  // Answers a request, now or later. The request lives only during the call. A handler that throws
  // has answered 500, unless it had given its responder away.
  using Handler = std::function<void(const Request&, Responder)>;

  // What came of a request, for counting.
  enum class Outcome { kHandled, kNotFound, kMethodNotAllowed, kHandlerThrew };

  // Answers `method` on exactly this path, which begins with a slash. The latest handler counts.
  void handle(std::string_view method, std::string_view path, Handler handler);

  // Answers `method` on this path and all paths below it: "/files" and "/files/" both mean
  // "/files" and "/files/a", but not "/filesystem". "/" means every path.
  void handle_prefix(std::string_view method, std::string_view prefix, Handler handler);

  // Finds the handler and calls it, or answers itself. Does not throw.
  Outcome route(const Request& request, Responder responder) const;

 private:
  struct MethodHandler {
    std::string method;
    Handler handler;
  };
  using Route = std::vector<MethodHandler>;
  using Routes = std::map<std::string, Route, std::less<>>;

  static void add(Route& route, std::string_view method, Handler handler);
  static const Handler* find_handler(const Route& route, std::string_view method);
  static std::string allowed_methods(const Route& route);
  const Route* find_route(std::string_view path) const;

  Routes exact_;
  Routes prefixes_;  // Without the slash at the end, so that "/" is "".
};

}  // namespace madang::http
