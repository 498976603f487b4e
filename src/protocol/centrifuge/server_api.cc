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
  std::string padded(text);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  if (parser.iterate(padded.data(), text.size(), padded.size()).get(document)) return false;
  JsonValue value;
  // What follows the value is read last; so a call is not made before all of it is known to be
  // JSON.
  return !document.get_value().get(value) && method.read(value, call) &&
         document.current_location().error() == simdjson::OUT_OF_BOUNDS;
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
