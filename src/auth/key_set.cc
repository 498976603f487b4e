// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/key_set.h"

#include <utility>

#include "auth/json_object.h"
#include "auth/jwk.h"
#include "auth/pem.h"
#include "auth/verification_key.h"

namespace madang {
namespace {

static_assert(kKeyTextBytesMax <= kJsonTextBytesMax);

absl::Status check_length(std::string_view text) {
  if (text.size() <= kKeyTextBytesMax) return absl::OkStatus();
  return absl::ResourceExhaustedError("a text of keys is too long");
}

}  // namespace

absl::Status KeySet::add_secret(std::string_view secret, const SecretOptions& options) {
  auto key = VerificationKey::of_secret(secret, options);
  if (!key.ok()) return key.status();
  return add({*std::move(key)});
}

absl::Status KeySet::add_pem(std::string_view pem, std::string_view id) {
  if (auto status = check_length(pem); !status.ok()) return status;
  auto evp = read_pem(pem);
  if (!evp.ok()) return evp.status();
  auto key = VerificationKey::of_public(*std::move(evp), id, std::nullopt);
  if (!key.ok()) return key.status();
  return add({*std::move(key)});
}

absl::Status KeySet::add_jwks(std::string_view json, const JwksOptions& options) {
  if (auto status = check_length(json); !status.ok()) return status;
  simdjson::dom::object set;
  if (const auto why = read_json_object(json, set); !why.empty()) {
    return absl::InvalidArgumentError("a set of keys cannot be read: " + std::string(why));
  }
  simdjson::dom::array list;
  if (set.at_key("keys").get(list)) {
    return absl::InvalidArgumentError("a set of keys has no list of keys");
  }
  if (list.size() > kKeysMax) return absl::ResourceExhaustedError("there are too many keys");
  std::vector<KeyRef> keys;
  for (const auto jwk : list) {
    auto key = read_jwk(jwk, options);
    if (!key.ok()) return key.status();
    if (*key != nullptr) keys.push_back(*std::move(key));
  }
  if (keys.empty()) return absl::InvalidArgumentError("a set of keys holds none to check with");
  return add(std::move(keys));
}

absl::Status KeySet::add(std::vector<KeyRef> keys) {
  if (keys_.size() + keys.size() > kKeysMax) {
    return absl::ResourceExhaustedError("there are too many keys");
  }
  auto all = keys_;
  bool any_has_id = any_has_id_;
  for (auto& key : keys) {
    const auto& id = key->id();
    for (const auto& other : all) {
      if (!id.empty() && other->id() == id) {
        return absl::AlreadyExistsError("two keys have the same id");
      }
    }
    any_has_id = any_has_id || !id.empty();
    all.push_back(std::move(key));
  }
  keys_ = std::move(all);
  any_has_id_ = any_has_id;
  return absl::OkStatus();
}

const VerificationKey* KeySet::find(TokenAlgorithm algorithm, const std::string* id,
                                    std::string_view& why) const {
  const bool by_id = id != nullptr && any_has_id_;
  const VerificationKey* found = nullptr;
  why = by_id ? "no key has the token's kid" : "no key is for the token's alg";
  for (const auto& key : keys_) {
    if (by_id && (id->empty() || key->id() != *id)) continue;
    if (!key->fits(algorithm)) {
      if (by_id) why = "the key with the token's kid is not for its alg";
      continue;
    }
    if (found != nullptr) {
      why = "the token has no kid, and several keys are for its alg";
      return nullptr;
    }
    found = key.get();
  }
  if (found != nullptr) why = {};
  return found;
}

}  // namespace madang
