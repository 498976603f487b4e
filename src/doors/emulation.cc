// SPDX-License-Identifier: Apache-2.0
#include "emulation.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "madang/protocol/centrifuge/emulation.h"
#include "madang/transport/http_stream/http_stream_transport.h"
#include "page_check.h"
#include "stream_table.h"
#include "stream_upgrade.h"

namespace madang {

namespace {

using centrifuge::EmulationRequest;
using Handed = HttpStreamTransport::Handed;

constexpr std::string_view kRetryAfterS = "1";

// Answers and counts. Copied to other lanes, so it holds nothing of a lane.
struct Answer {
  std::shared_ptr<ServerCore> core;
  http::Response base;  // with the headers that each answer has
  http::Responder::Send send;

  void refuse(int status, std::string_view reason) {
    core->counters.emulations_refused.add();
    http::Response response = http::text_response(status, reason);
    response.headers.insert(response.headers.end(), base.headers.begin(), base.headers.end());
    if (status == 429) response.headers.push_back({"Retry-After", std::string(kRetryAfterS)});
    send(std::move(response));
  }

  void accept() {
    base.status = 204;
    send(std::move(base));
  }
};

// On the session's lane. A session that is ending has its client's commands go nowhere, and not
// refused: the client would take that for a broken connection, and not look at the reason that is
// on its way.
void hand_in(const std::weak_ptr<HttpStreamTransport>& place, const EmulationRequest& request,
             MessageKind kind, Answer& answer) {
  const auto transport = place.lock();
  if (transport == nullptr) return answer.refuse(404, "no such session");
  switch (transport->hand_in(request.data, kind)) {
    case Handed::kTaken:
    case Handed::kEnding:
      return answer.accept();
    case Handed::kFull:
      return answer.refuse(429, "the session does not keep up");
  }
}

}  // namespace

void emulate(Door& door, const http::Request& request, http::Responder::Send send) {
  if (auto early = answer_early(door, request, "POST")) return send(*std::move(early));
  door.counters().emulations.add();
  Answer answer{.core = door.core(), .base = {}, .send = std::move(send)};
  let_page_read(request, answer.base);

  const MessageKind kind = is_binary(request) ? MessageKind::kBinary : MessageKind::kText;
  auto read = kind == MessageKind::kBinary ? centrifuge::read_protobuf_emulation(request.body)
                                           : centrifuge::read_json_emulation(request.body);
  if (!read) return answer.refuse(400, "not commands for a session");
  if (read->node != door.core()->node) return answer.refuse(404, "no such node");
  const auto secret = StreamSecret::parse(read->session);
  auto place = secret ? door.core()->streams.find(*secret) : std::nullopt;
  if (!place) return answer.refuse(404, "no such session");
  if (place->lane == door.lane()) return hand_in(place->transport, *read, kind, answer);
  door.options()
      .lanes->scheduler(place->lane)
      .post([place = std::move(place->transport), read = *std::move(read), kind,
             answer = std::move(answer)]() mutable { hand_in(place, read, kind, answer); });
}

}  // namespace madang
