// SPDX-License-Identifier: Apache-2.0
#include "search.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>
#include <utility>

#include "message.h"

namespace chat {
namespace {

constexpr std::size_t kPageMessages = 30;
constexpr std::size_t kTextBytesMax = 200;

std::optional<madang::SearchQuery> read_query(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view room;
  std::string_view text;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS ||
      document["room"].get(room) != simdjson::SUCCESS ||
      document["text"].get(text) != simdjson::SUCCESS || text.size() > kTextBytesMax) {
    return std::nullopt;
  }
  madang::SearchQuery query;
  query.text = text;
  query.rooms.emplace_back(room);
  query.messages_max = kPageMessages;
  simdjson::dom::element below;
  if (document["below"].get(below) != simdjson::SUCCESS || below.is_null()) return query;
  std::int64_t time_ms = 0;
  std::uint64_t offset = 0;
  if (below["time"].get(time_ms) != simdjson::SUCCESS ||
      below["offset"].get(offset) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  query.below = {madang::WallTime(std::chrono::milliseconds(time_ms)), std::string(room), offset};
  return query;
}

std::string write_page(const std::vector<madang::StoredMessage>& messages) {
  std::string list;
  for (const auto& message : messages) {
    list += fmt::format(R"({}{{"offset":{},"data":{}}})", list.empty() ? "" : ",", message.offset,
                        message.data.view());
  }
  std::string below = "null";
  if (messages.size() == kPageMessages) {
    below = fmt::format(R"({{"time":{},"offset":{}}})",
                        messages.back().time.time_since_epoch().count(), messages.back().offset);
  }
  return fmt::format(R"({{"messages":[{}],"below":{}}})", list, below);
}

}  // namespace

void search(madang::MessageSearch& store, madang::Session& session,
            const madang::RpcRequest& request, madang::Reply<madang::RpcAnswer> reply) {
  auto query = read_query(request.data.view());
  if (!query) return reply.refuse(absl::InvalidArgumentError("not a search"));
  if (!session.in_room(query->rooms.front())) return reply.refuse();
  store.search(*std::move(query),
               [reply = std::move(reply)](absl::StatusOr<madang::SearchPage> page) mutable {
                 if (!page.ok()) return reply.refuse(page.status());
                 reply.accept({.data = write_page(page->messages)});
               });
}

}  // namespace chat
