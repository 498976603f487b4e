// SPDX-License-Identifier: Apache-2.0
#include "login.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>

#include "madang/base/random.h"
#include "madang/http/origin.h"
#include "message.h"

namespace chat {
namespace {

// What a token is for is its audience, so that neither opens what the other does.
constexpr const char* kForConnections = "chat";
constexpr const char* kForLogins = "chat-pass";
constexpr auto kTokenLife = std::chrono::minutes(10);
constexpr auto kPassLife = std::chrono::days(365);

madang::WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::int64_t seconds(madang::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// 128 bits that nobody guesses.
std::string new_user() {
  madang::SystemRandom random;
  const auto first = random.next();
  return fmt::format("{:016x}{:016x}", first, random.next());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Login>> Login::make(std::string_view secret) {
  auto signer = madang::TokenSigner::make(secret);
  if (!signer.ok()) return signer.status();
  auto keys = std::make_shared<madang::KeySet>();
  if (auto status = keys->add_secret(secret); !status.ok()) return status;
  auto tokens = madang::TokenVerifier::make(keys, {.audience = kForConnections});
  if (!tokens.ok()) return tokens.status();
  auto passes = madang::TokenVerifier::make(keys, {.audience = kForLogins, .cache_entries_max = 0});
  if (!passes.ok()) return passes.status();
  std::unique_ptr<Login> login(new Login(*std::move(signer)));
  login->tokens_ = *std::move(tokens);
  login->passes_ = *std::move(passes);
  return login;
}

void Login::answer(const madang::http::Request& request, madang::http::Responder responder) const {
  using madang::http::OriginPolicy;
  using madang::http::text_response;
  if (OriginPolicy::same_origin().check(request) == OriginPolicy::Verdict::kRefused) {
    responder.send(text_response(403, "this page may not log in here"));
    return;
  }
  const auto entry = read_entry(request.body);
  if (!entry) {
    responder.send(text_response(400, R"(a login is {"name": "...", "pass": "..."})"));
    return;
  }
  auto body = log_in(entry->name, entry->pass);
  if (!body) {
    responder.send(text_response(500, "nothing can be signed now"));
    return;
  }
  responder.send({.status = 200,
                  .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                  .body = *std::move(body)});
}

std::optional<std::string> Login::log_in(std::string_view name, std::string_view pass) const {
  const auto now = wall_now();
  const auto shown = passes_->verify_connection(pass, now);
  const std::string user = shown.good() ? shown.claims->user : new_user();
  const std::string next_pass =
      signer_.sign(fmt::format(R"({{"sub":{},"aud":"{}","exp":{}}})", json_string(user), kForLogins,
                               seconds(now + kPassLife)));
  const std::string token =
      signer_.sign(fmt::format(R"({{"sub":{},"aud":"{}","exp":{},"info":{}}})", json_string(user),
                               kForConnections, seconds(now + kTokenLife), write_info(name)));
  if (next_pass.empty() || token.empty()) return std::nullopt;
  return fmt::format(R"({{"user":{},"token":"{}","pass":"{}"}})", json_string(user), token,
                     next_pass);
}

}  // namespace chat
