// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <chrono>
#include <utility>

namespace server {
namespace {

constexpr auto kLookInterval = std::chrono::seconds(1);

madang::MonoTime now() {
  return madang::MonoTime(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Keys>> Keys::open(const Config& config, madang::LogSink& log) {
  if (config.tokens.hmac_secret.empty() && config.tokens.key_file.empty()) return nullptr;
  std::unique_ptr<Keys> keys(new Keys(config, log));
  if (!config.tokens.key_file.empty()) {
    auto file = madang::KeyFile::open(
        {.path = config.tokens.key_file, .look_interval = kLookInterval}, now());
    if (!file.ok()) return file.status();
    keys->file_ = *std::move(file);
  }
  auto set = keys->gather();
  if (!set.ok()) return set.status();
  auto verifier = madang::TokenVerifier::make(
      *std::move(set), {.audience = config.tokens.audience,
                        .issuer = config.tokens.issuer,
                        .expiry_required = config.tokens.expiry_required && !config.insecure,
                        .leeway = config.tokens.leeway});
  if (!verifier.ok()) return verifier.status();
  keys->verifier_ = *std::move(verifier);
  if (keys->file_ != nullptr) {
    keys->thread_ =
        std::jthread([keys = keys.get()](const std::stop_token& stop) { keys->watch(stop); });
  }
  return keys;
}

Keys::~Keys() = default;

absl::StatusOr<std::shared_ptr<const madang::KeySet>> Keys::gather() const {
  auto set = std::make_shared<madang::KeySet>();
  if (file_ != nullptr) *set = *file_->keys();
  if (!config_.hmac_secret.empty()) {
    auto status = set->add_secret(config_.hmac_secret, {.allow_short = allow_short_});
    if (!status.ok()) return status;
  }
  return set;
}

void Keys::watch(const std::stop_token& stop) {
  bool bad = false;  // it is said once
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      ending_.wait_for(lock, stop, kLookInterval, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const auto changed = file_->look(now());
    if (!changed.ok()) {
      if (!std::exchange(bad, true)) {
        log_.write(madang::LogLevel::kError, "key_file", std::string(changed.status().message()));
      }
      continue;
    }
    bad = false;
    if (!*changed) continue;
    if (auto set = gather(); set.ok()) {
      verifier_->use_keys(*std::move(set));
      log_.write(madang::LogLevel::kInfo, "key_file", "tokens are checked with other keys now");
    }
  }
}

}  // namespace server
