// SPDX-License-Identifier: Apache-2.0
#include "stream_upgrade.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "madang/base/random.h"
#include "madang/http/query.h"
#include "page_check.h"

namespace madang {

namespace {

constexpr std::string_view kRetryAfterS = "5";

// A stream with its place in the server's count and in its table, which end with it.
class CountedStream final : public HttpStreamTransport {
 public:
  using HttpStreamTransport::HttpStreamTransport;
  ~CountedStream() override {
    if (table_ != nullptr) table_->remove(secret());
  }

  // The table belongs to the server that the stream's lane keeps.
  void enter(StreamTable& table, std::size_t lane, ConnectionGate::Place place) {
    place_ = std::move(place);
    table_ = &table;
    table.add(secret(), {.lane = lane, .transport = weak_from_this()});
  }

 private:
  StreamTable* table_ = nullptr;
  ConnectionGate::Place place_;
};

static_assert(sizeof(CountedStream) <= 120, "every idle stream holds one");

// What differs between the two kinds of stream.
struct Kind {
  std::string_view name;
  std::string_view methods;
  std::string_view content_type;
  StreamFormat format;
  MessageKind message;
};

constexpr Kind kLines{"http_stream", "POST", "application/x-ndjson", StreamFormat::kLines,
                      MessageKind::kText};
constexpr Kind kBytes{"http_stream", "POST", "application/octet-stream", StreamFormat::kBytes,
                      MessageKind::kBinary};
constexpr Kind kEvents{"sse", "GET, POST", "text/event-stream", StreamFormat::kEvents,
                       MessageKind::kText};

const Kind& kind_of(Service service, const http::Request& request) {
  if (service == Service::kEvents) return kEvents;
  return is_binary(request) ? kBytes : kLines;
}

StreamUpgrade refuse(const http::Request& request, int status, std::string_view reason) {
  StreamUpgrade upgrade{.refusal = http::text_response(status, reason)};
  let_page_read(request, upgrade.refusal);
  return upgrade;
}

// The client's first message; nothing, or an empty one, if there is none.
std::optional<std::string> first_message(const http::Request& request) {
  if (request.method == "POST") return request.body;
  if (!request.body.empty()) return std::nullopt;
  return http::find_parameter(request.query, "cf_connect");
}

const StreamProtocol* find_protocol(const Door& door, MessageKind kind) {
  const auto& protocols = door.options().stream_protocols;
  const auto found = std::ranges::find(protocols, kind, &StreamProtocol::kind);
  return found == protocols.end() ? nullptr : &*found;
}

Payload response_head(Door& door, const http::Request& request, const Kind& kind) {
  http::Response response;
  response.headers = {{"Content-Type", std::string(kind.content_type)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-cache, private, no-transform"},
                      {"X-Accel-Buffering", "no"}};
  let_page_read(request, response);
  response.close = true;
  // It has no header but those above, and an origin that was parsed.
  return Payload(http::serialize_stream_head(response, door.date()).value());
}

std::string header_value(const http::Request& request, std::string_view name) {
  const std::string* value = request.find(name);
  return value == nullptr ? std::string() : *value;
}

}  // namespace

bool is_binary(const http::Request& request) {
  const std::string type = header_value(request, "Content-Type");
  const std::string_view essence = std::string_view(type).substr(0, type.find(';'));
  const auto stripped = absl::StripAsciiWhitespace({essence.data(), essence.size()});
  return absl::EqualsIgnoreCase(stripped, "application/octet-stream");
}

StreamUpgrade upgrade_to_stream(Door& door, Service service, const http::Request& request,
                                bool more_came, ByteStream& stream,
                                ConnectionGate::Ticket& ticket) {
  const Kind& kind = kind_of(service, request);
  if (auto early = answer_early(door, request, kind.methods)) {
    return {.refusal = *std::move(early)};
  }
  const StreamProtocol* const protocol = find_protocol(door, kind.message);
  auto initial = first_message(request);
  if (protocol == nullptr || !initial || initial->empty() || more_came) {
    door.counters().handshakes_refused.add();
    if (protocol == nullptr) return refuse(request, 415, "no such format");
    if (!more_came) return refuse(request, 400, "no commands to begin with");
    StreamUpgrade refusal = refuse(request, 400, "a request behind one for a stream");
    refusal.refusal.close = true;
    return refusal;
  }
  std::unique_ptr<ProtocolSession> session;
  try {
    session = protocol->make(request);
  } catch (...) {
    door.counters().handlers_threw.add();
    return refuse(request, 500, "internal error");
  }
  if (session == nullptr) {
    door.counters().handshakes_refused.add();
    return refuse(request, 403, "not allowed");
  }

  const std::shared_ptr<HttpStreamLane> lane = door.http_stream();
  SystemRandom random;
  auto transport = std::make_shared<CountedStream>(
      lane, stream,
      HttpStreamTransport::Setup{.name = std::string(kind.name),
                                 .origin = header_value(request, "Origin"),
                                 .path = request.path,
                                 .secret = StreamSecret::draw(random),
                                 .response = response_head(door, request, kind)});
  CloseReason why;
  Connection* const connection = door.options().engine->attach(
      door.lane(), transport, std::move(session), lane->framing(kind.format), &why);
  if (connection == nullptr) {
    door.counters().sessions_refused.add();
    StreamUpgrade refusal = refuse(request, 503, why.text);
    refusal.refusal.headers.push_back({"Retry-After", std::string(kRetryAfterS)});
    return refusal;
  }
  transport->enter(door.core()->streams, door.lane(), ticket.take_place());
  door.counters().streams.add();
  return {.transport = std::move(transport),
          .connection = connection,
          .initial = *std::move(initial),
          .kind = kind.message};
}

}  // namespace madang
