// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("presence: a map of clients, also when nobody is there") {
  ConnectedClient client;
  client.session.presences.at_once = std::vector<ClientInfoRef>();
  CHECK(client.ask(R"({"id":2,"presence":{"channel":"r"}})") ==
        R"({"id":2,"presence":{"presence":{}}})");

  auto ann = std::make_shared<ClientInfo>();
  ann->user = "ann";
  ann->client = ClientId::from_bits(1, 2);
  ann->connection_info = R"({"n":1})";
  ann->room_info = "[2]";
  const std::vector<ClientInfoRef> both{ann, std::make_shared<ClientInfo>()};
  client.session.presences.at_once = both;
  const std::string id = ann->client.text();
  CHECK(client.ask(R"({"id":3,"presence":{"channel":"r"}})") ==
        R"({"id":3,"presence":{"presence":{")" + id + R"(":{"user":"ann","client":")" + id +
            R"(","conn_info":{"n":1},"chan_info":[2]},")" + kNil + R"(":{"user":"","client":")" +
            kNil + R"("}}}})");
}

TEST_CASE("presence: the numbers are told even when they are 0") {
  ConnectedClient client;
  client.session.stats.at_once = PresenceStats{.sessions = 3, .users = 2};
  CHECK(client.ask(R"({"id":2,"presence_stats":{"channel":"r"}})") ==
        R"({"id":2,"presence_stats":{"num_clients":3,"num_users":2}})");
  client.session.stats.at_once = PresenceStats();
  CHECK(client.ask(R"({"id":3,"presence_stats":{"channel":"r"}})") ==
        R"({"id":3,"presence_stats":{"num_clients":0,"num_users":0}})");
}

TEST_CASE("history: without a limit only the position is asked for, and told whole") {
  ConnectedClient client;
  client.session.histories.at_once = HistoryResult{.messages = {}, .position = {0, "e"}};
  CHECK(client.ask(R"({"id":2,"history":{"channel":"r"}})") ==
        R"({"id":2,"history":{"publications":[],"epoch":"e","offset":0}})");
  CHECK(client.session.histories.asked[0].query.limit == 0);
  CHECK_FALSE(client.session.histories.asked[0].query.since);
  CHECK_FALSE(client.session.histories.asked[0].query.reverse);
}

TEST_CASE("history: limit, position and direction go to the engine") {
  ConnectedClient client;
  client.session.histories.at_once =
      HistoryResult{.messages = {message("1", 1), message("2", 2)}, .position = {2, "e"}};
  CHECK(client.ask(R"({"id":2,"history":{"channel":"r","limit":10,"reverse":true,)"
                   R"("since":{"offset":3,"epoch":"e"}}})") ==
        R"({"id":2,"history":{"publications":[{"data":1,"offset":1,"epoch":"e"},)"
        R"({"data":2,"offset":2}],"epoch":"e","offset":2}})");
  const auto& query = client.session.histories.asked[0].query;
  CHECK(query.limit == 10);
  CHECK(query.reverse);
  CHECK(query.since == StreamPosition{3, "e"});

  client.send(R"({"id":3,"history":{"channel":"r","limit":-1,"since":{}}})");
  CHECK(client.session.histories.asked[1].query.limit == std::numeric_limits<std::size_t>::max());
  CHECK(client.session.histories.asked[1].query.since == StreamPosition{});
}

TEST_CASE("history: another epoch is 112, reverse from 0 is 107") {
  ConnectedClient client;
  client.session.histories.at_once = absl::DataLossError("");
  CHECK(client.ask(R"({"id":2,"history":{"channel":"r","since":{"offset":3,"epoch":"x"}}})") ==
        R"({"id":2,"error":{"code":112,"message":"unrecoverable position"}})");
  client.session.histories.at_once = absl::InvalidArgumentError("");
  CHECK(client.ask(R"({"id":3,"history":{"channel":"r","since":{},"reverse":true}})") ==
        R"({"id":3,"error":{"code":107,"message":"bad request"}})");
}

TEST_CASE("history: numbers that do not fit close with 3501" * json_alone()) {
  for (const char* more : {R"("limit":2147483648)", R"("limit":-2147483649)", R"("limit":1.5)",
                           R"("since":{"offset":18446744073709551616})", R"("since":{"offset":-1})",
                           R"("since":7)", R"("reverse":1)"}) {
    CAPTURE(more);
    ConnectedClient client;
    CHECK(client.ask(std::string(R"({"id":2,"history":{"channel":"r",)") + more + "}}") == "");
    CHECK(client.closed() == 3501);
  }
}

}  // namespace
}  // namespace madang::centrifuge
