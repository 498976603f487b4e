// SPDX-License-Identifier: Apache-2.0
#include "madang/api/http_api.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace madang {
namespace {

constexpr std::size_t kKeyBytesMin = 16;

// Takes the same time wherever they differ.
bool same_bytes(std::string_view given, std::string_view key) {
  unsigned different = given.size() == key.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto expected = static_cast<unsigned char>(key[i % key.size()]);
    different |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned>(expected);
  }
  return different == 0;
}

std::optional<std::string_view> key_of(const http::Request& request) {
  if (const std::string* const key = request.find("X-API-Key")) return *key;
  constexpr std::string_view kScheme = "apikey ";
  const std::string* const authorization = request.find("Authorization");
  if (authorization == nullptr || !authorization->starts_with(kScheme)) return std::nullopt;
  return std::string_view(*authorization).substr(kScheme.size());
}

bool may_call(const HttpApiOptions& options, const http::Request& request) {
  if (options.insecure) return true;
  const auto key = key_of(request);
  return key && same_bytes(*key, options.key);
}

http::Response json_response(std::string json) {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = http::Body(std::move(json));
  return response;
}

}  // namespace

absl::Status add_http_api(http::Router& router, HttpApiOptions options) {
  if (options.api.engine == nullptr) return absl::InvalidArgumentError("the API has no engine");
  if (options.insecure != options.key.empty())
    return absl::InvalidArgumentError("the API needs a key, or to be insecure without one");
  if (!options.insecure && options.key.size() < kKeyBytesMin)
    return absl::InvalidArgumentError("the API's key is too short");
  struct Shared {
    HttpApiOptions options;
    centrifuge::ServerApi api{options.api};
  };
  const auto shared = std::make_shared<const Shared>(Shared{std::move(options)});
  const std::string path = shared->options.path + "/";
  router.handle_prefix(
      "POST", path, [shared, path](const http::Request& request, http::Responder responder) {
        if (!may_call(shared->options, request)) {
          responder.send(http::text_response(401, "no or a wrong key"));
          return;
        }
        const std::string_view method =
            std::string_view(request.path).substr(std::min(path.size(), request.path.size()));
        if (!centrifuge::ServerApi::has_method(method)) {
          responder.send(http::text_response(404, "no such method"));
          return;
        }
        shared->api.call(method, request.body,
                         [responder = std::move(responder)](std::string json) mutable {
                           responder.send(json_response(std::move(json)));
                         });
      });
  return absl::OkStatus();
}

}  // namespace madang
