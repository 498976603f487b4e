// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/server_api.h"

#include <algorithm>
#include <utility>

#include "protocol/centrifuge/error.h"
#include "protocol/centrifuge/json_writer.h"
#include "protocol/centrifuge/server_method.h"

namespace madang::centrifuge {
namespace {

bool read_document(const ServerMethod& method, std::string_view text, ServerCall& call) {
  const auto value = parse_json(text);
  return value && method.read(*value, call);
}

}  // namespace

const ServerMethod* find_server_method(std::string_view name) {
  const auto methods = server_methods();
  const auto found = std::ranges::find(methods, name, &ServerMethod::name);
  return found == methods.end() ? nullptr : &*found;
}

std::string server_reply(std::string_view name, const absl::StatusOr<std::string>& answer) {
  std::string json;
  {
    JsonObject reply(json);
    if (answer.ok()) {
      reply.json(name, *answer);
    } else {
      const ErrorReply said = error_reply_of(answer.status());
      auto error = reply.object("error");
      error.number("code", said.code);
      error.text("message", said.message);
    }
  }
  return json;
}

bool ServerApi::has_method(std::string_view method) {
  return find_server_method(method) != nullptr;
}

void ServerApi::call(std::string_view method, std::string_view body, Reply reply) const {
  ServerAnswer answer = [reply =
                             std::move(reply)](const absl::StatusOr<std::string>& result) mutable {
    reply(server_reply("result", result));
  };
  const ServerMethod* const found = find_server_method(method);
  if (found == nullptr) return answer(absl::UnimplementedError("no such method"));
  ServerCall run;
  if (!read_document(*found, body, run))
    return answer(absl::InvalidArgumentError("not the JSON of this method"));
  run(options_, std::move(answer));
}

}  // namespace madang::centrifuge
