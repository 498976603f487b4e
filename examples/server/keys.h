// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "absl/status/statusor.h"
#include "config.h"
#include "madang/auth/key_file.h"
#include "madang/auth/token_verifier.h"
#include "madang/base/log.h"

namespace server {

// Checks tokens with the secret and the key file that the configuration names, and reads the file
// again when it changes, in a thread of its own.
class Keys {
 public:
  // Null where no key is configured. `log` outlives it.
  static absl::StatusOr<std::unique_ptr<Keys>> open(const Config& config, madang::LogSink& log);
  ~Keys();

  const std::shared_ptr<madang::TokenVerifier>& verifier() const { return verifier_; }

 private:
  Keys(const Config& config, madang::LogSink& log) : config_(config.tokens), log_(log) {
    allow_short_ = config.insecure;
  }

  absl::StatusOr<std::shared_ptr<const madang::KeySet>> gather() const;
  void watch(const std::stop_token& stop);

  const Config::Tokens config_;
  madang::LogSink& log_;
  bool allow_short_ = false;
  std::unique_ptr<madang::KeyFile> file_;  // the thread's, once that runs
  std::shared_ptr<madang::TokenVerifier> verifier_;

  std::mutex mutex_;
  std::condition_variable_any ending_;
  std::jthread thread_;
};

}  // namespace server
