// SPDX-License-Identifier: Apache-2.0
#include "auth/jws.h"

#include "absl/strings/match.h"
#include "auth/algorithm.h"
#include "auth/base64.h"
#include "auth/json_object.h"

namespace madang {
namespace {

std::string_view read_header(std::string_view json, Jws& jws) {
  simdjson::dom::object header;
  const auto why = read_json_object(json, header);
  if (!why.empty()) return why;
  bool has_algorithm = false;
  for (const auto& [name, value] : header) {
    std::string_view text;
    if (name == "alg") {
      if (value.get(text)) return "alg is not a text";
      const auto algorithm = algorithm_named(text);
      if (!algorithm) return "alg is not offered";
      jws.algorithm = *algorithm;
      has_algorithm = true;
    } else if (name == "kid") {
      if (value.get(text)) return "kid is not a text";
      if (text.size() > kKeyIdBytesMax) return "kid is too long";
      jws.key_id = std::string(text);
    } else if (name == "typ") {
      if (value.get(text) || !absl::EqualsIgnoreCase({text.data(), text.size()}, "JWT")) {
        return "typ is not JWT";
      }
    } else if (name == "crit") {
      return "crit is not offered";
    } else if (name == "b64") {
      bool encoded = false;
      if (value.get(encoded) || !encoded) return "b64 other than true is not offered";
    }
  }
  return has_algorithm ? std::string_view() : "alg is missing";
}

}  // namespace

std::string_view read_jws(std::string_view token, Jws& jws) {
  constexpr std::string_view kParts = "a token has three parts";
  const auto first = token.find('.');
  if (first == std::string_view::npos) return kParts;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return kParts;
  if (token.find('.', second + 1) != std::string_view::npos) return kParts;

  std::string header;
  if (!decode_base64url(token.substr(0, first), header)) return "the header is not base64url";
  const auto why = read_header(header, jws);
  if (!why.empty()) return why;
  jws.signed_text = token.substr(0, second);
  jws.payload_text = token.substr(first + 1, second - first - 1);
  if (!decode_base64url(token.substr(second + 1), jws.signature)) {
    return "the signature is not base64url";
  }
  return {};
}

}  // namespace madang
