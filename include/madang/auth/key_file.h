// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "madang/auth/key_set.h"
#include "madang/base/time.h"

namespace madang {

struct KeyFileOptions {
  std::string path = {};  // a JWKS text, or one public key in PEM
  JwksOptions jwks = {};
  // look() reads no more often than this.
  Duration look_interval = std::chrono::seconds(5);
};

// A file of keys that may be replaced while the program runs:
//
//   auto file = KeyFile::open({.path = "keys.json"}, now);
//   auto verifier = TokenVerifier::make((*file)->keys(), {});
//   ...
//   auto changed = (*file)->look(now);  // every now and then
//   if (changed.ok() && *changed) (*verifier)->use_keys((*file)->keys());
//
// Replace it by a rename. One that is read half written is an error until the next look, and the
// old keys stay.
//
// Has no thread of its own and waits for the disk, so do not call it on a lane. One thread at a
// time.
class KeyFile {
 public:
  // Reads it for the first time.
  //   Unavailable      there is no such file, it could not be read, or it is no ordinary file
  //   otherwise        those of KeySet
  static absl::StatusOr<std::unique_ptr<KeyFile>> open(KeyFileOptions options, MonoTime now);

  // True: the file holds other keys than before, and keys() is a new set. False: it does not, or it
  // was read less than the interval ago. Errors are those of open(), at every look for as long as
  // the file is bad; keys() stay what they were.
  absl::StatusOr<bool> look(MonoTime now);

  // The newest good ones; never null.
  const std::shared_ptr<const KeySet>& keys() const { return keys_; }

 private:
  explicit KeyFile(KeyFileOptions options) : options_(std::move(options)) {}
  absl::StatusOr<bool> read();

  const KeyFileOptions options_;
  MonoTime looked_ = {};
  std::string text_ = {};  // what keys_ were made of
  std::shared_ptr<const KeySet> keys_ = nullptr;
};

}  // namespace madang
