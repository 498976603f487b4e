// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "madang/auth/token_signer.h"
#include "madang/auth/token_verifier.h"
#include "madang/http/router.h"

namespace chat {

// Bodies of requests are no larger than this.
inline constexpr std::size_t kLoginBytesMax = 4 * 1024;

// A login that asks for a name and nothing else, and knows people again by what it gave them:
//
//   POST /login {"name": "Ann", "pass": "..."}    ->    {"user": "...", "token": "...", "pass":
//   "..."}
//
// The token opens connections for ten minutes and carries the name. The pass says for a year from
// now on who one is, is kept in the browser, and is good for nothing but the next login. Whoever
// shows none, or one that is not good, is somebody new. Both are JSON Web Tokens, and differ in
// their audience.
//
// Answers 400 to what does not ask for that, and 403 to pages that are not the chat's own.
//
// Immutable; any thread.
class Login {
 public:
  // `secret` signs passes and tokens; see secret.h. InvalidArgument: it is too short.
  static absl::StatusOr<std::unique_ptr<Login>> make(std::string_view secret);

  void answer(const madang::http::Request& request, madang::http::Responder responder) const;

  // What tells good tokens for connections.
  std::shared_ptr<const madang::TokenVerifier> tokens() const { return tokens_; }

 private:
  explicit Login(madang::TokenSigner signer) : signer_(std::move(signer)) {}

  // The body of the answer; nothing if there is no memory to sign with.
  std::optional<std::string> log_in(std::string_view name, std::string_view pass) const;

  const madang::TokenSigner signer_;
  std::shared_ptr<const madang::TokenVerifier> tokens_;
  std::unique_ptr<const madang::TokenVerifier> passes_;
};

}  // namespace chat
