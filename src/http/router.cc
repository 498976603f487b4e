// SPDX-License-Identifier: Apache-2.0
#include "madang/http/router.h"

#include <utility>

namespace madang::http {
namespace {

// The paths below a prefix are not next to each other in the map ("/a-b" comes between "/a" and
// "/a/b"), and routes are few: all are looked at.
bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

Responder::Responder(Responder&& other) noexcept
    : send_(std::exchange(other.send_, nullptr)), omit_body_(other.omit_body_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  drop();
  send_ = std::exchange(other.send_, nullptr);
  omit_body_ = other.omit_body_;
  return *this;
}

Responder::~Responder() { drop(); }

void Responder::drop() noexcept {
  if (!answered()) send(text_response(500, "internal error"));
}

bool Responder::send(Response response) {
  const Send answer = std::exchange(send_, nullptr);
  if (!answer) return false;
  response.omit_body = response.omit_body || omit_body_;
  answer(std::move(response));
  return true;
}

void Router::handle(std::string_view method, std::string_view path, Handler handler) {
  add(exact_[std::string(path)], method, std::move(handler));
}

void Router::handle_prefix(std::string_view method, std::string_view prefix, Handler handler) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  add(prefixes_[std::string(prefix)], method, std::move(handler));
}

void Router::add(Route& route, std::string_view method, Handler handler) {
  for (MethodHandler& known : route) {
    if (known.method != method) continue;
    known.handler = std::move(handler);
    return;
  }
  route.push_back({std::string(method), std::move(handler)});
}

Router::Outcome Router::route(const Request& request, Responder responder) const {
  const bool head = request.method == "HEAD";
  responder.omit_body_ = head;
  const Route* route = find_route(request.path);
  if (!route) {
    responder.send(text_response(404, "not found"));
    return Outcome::kNotFound;
  }
  const Handler* handler = find_handler(*route, request.method);
  if (!handler && head) handler = find_handler(*route, "GET");
  if (!handler) {
    Response refusal = text_response(405, "method not allowed");
    refusal.headers.push_back({"Allow", allowed_methods(*route)});
    responder.send(std::move(refusal));
    return Outcome::kMethodNotAllowed;
  }
  try {
    (*handler)(request, std::move(responder));
    return Outcome::kHandled;
  } catch (...) {
    return Outcome::kHandlerThrew;
  }
}

const Router::Route* Router::find_route(std::string_view path) const {
  if (const auto it = exact_.find(path); it != exact_.end()) return &it->second;
  const Routes::value_type* best = nullptr;
  for (const Routes::value_type& candidate : prefixes_) {
    if (best && candidate.first.size() < best->first.size()) continue;
    if (is_below(path, candidate.first)) best = &candidate;
  }
  return best ? &best->second : nullptr;
}

const Router::Handler* Router::find_handler(const Route& route, std::string_view method) {
  for (const MethodHandler& candidate : route) {
    if (candidate.method == method) return &candidate.handler;
  }
  return nullptr;
}

std::string Router::allowed_methods(const Route& route) {
  std::string methods;
  for (const MethodHandler& known : route) {
    if (!methods.empty()) methods += ", ";
    methods += known.method;
  }
  if (find_handler(route, "GET") && !find_handler(route, "HEAD")) methods += ", HEAD";
  return methods;
}

}  // namespace madang::http
