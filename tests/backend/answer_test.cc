// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "backend/answer_json.h"

namespace madang::backend {
namespace {

template <typename Result>
Answer<Result> read(const std::string& body) {
  Answer<Result> answer;
  CAPTURE(body);
  REQUIRE(read_answer(body, answer));
  return answer;
}

template <typename Result>
Result result(const std::string& body) {
  auto answer = read<Result>("{\"result\":" + body + "}");
  REQUIRE(answer.result.has_value());
  return *std::move(answer.result);
}

template <typename Result = RpcAnswer>
bool malformed(const std::string& body) {
  Answer<Result> answer;
  return !read_answer(body, answer);
}

TEST_CASE("answer: a connect result says who it is, what he gets and where he is") {
  const auto all = result<ConnectAnswer>(
      R"({"user":"42","expire_at":1700000000,"info":{"name":"A\nb"},"data":[1,
          2],"channels":["a","b"],"subs":{"c":{"info":{"i":1},"data":{"d":1},"override":{}},"d":{}},
          "caps":[],"meta":{}})");
  CHECK(all.user == "42");
  REQUIRE(all.expires.has_value());
  CHECK(all.expires->time_since_epoch() == std::chrono::seconds(1700000000));
  CHECK(all.connection_info.view() == R"({"name":"A\nb"})");
  CHECK(all.data.view() == "[1,2]");
  CHECK(all.data.is_json());
  REQUIRE(all.rooms.size() == 4);
  CHECK(all.rooms[0].first == "a");
  CHECK(all.rooms[2].first == "c");
  CHECK(all.rooms[2].second.room_info.view() == R"({"i":1})");
  CHECK(all.rooms[2].second.data.view() == R"({"d":1})");
  CHECK(all.rooms[3].first == "d");

  const auto guest = result<ConnectAnswer>("{}");
  CHECK(guest.user.empty());
  CHECK_FALSE(guest.expires.has_value());
  const auto nulls = result<ConnectAnswer>(
      R"({"user":null,"expire_at":null,"info":null,"data":null,"b64data":null,"channels":null,)"
      R"("subs":null})");
  CHECK(nulls.connection_info.empty());
  CHECK(nulls.data.empty());

  const auto bytes = result<ConnectAnswer>(R"({"b64info":"AAE=","b64data":"/v8="})");
  CHECK(bytes.connection_info.view() == std::string_view("\0\1", 2));
  CHECK(bytes.data.view() == "\xfe\xff");
}

TEST_CASE("answer: results of the other methods") {
  const auto joined = result<JoinAnswer>(R"({"info":1,"data":2,"expire_at":3})");
  CHECK(joined.room_info.view() == "1");
  CHECK(joined.data.view() == "2");
  CHECK(joined.expires->time_since_epoch() == std::chrono::seconds(3));

  const auto published = result<PublishAnswer>(R"({"data":{"a":1},"skip_history":true})");
  REQUIRE(published.data.has_value());
  CHECK(published.data->view() == R"({"a":1})");
  CHECK_FALSE(published.keep);
  CHECK_FALSE(result<PublishAnswer>("{}").data.has_value());
  CHECK(result<PublishAnswer>("{}").keep);

  CHECK(result<RpcAnswer>(R"({"data":"x"})").data.view() == "\"x\"");
  CHECK(result<RpcAnswer>(R"({"b64data":"eA=="})").data.view() == "x");

  const auto refreshed = result<RefreshResult>(R"({"expire_at":5,"info":{}})");
  CHECK_FALSE(refreshed.expired);
  CHECK(refreshed.answer.expires->time_since_epoch() == std::chrono::seconds(5));
  CHECK(refreshed.answer.connection_info.view() == "{}");
  CHECK(result<RefreshResult>(R"({"expired":true})").expired);
  // What no clock reaches is no overflow.
  CHECK(result<JoinAnswer>(R"({"expire_at":18446744073709551615})").expires.has_value());
}

TEST_CASE("answer: an error or a disconnect, in the numbers that a backend may give") {
  const auto error = read<RpcAnswer>(R"({"error":{"code":1000,"message":"no","temporary":true}})");
  REQUIRE(error.error.has_value());
  CHECK(error.error->code == 1000);
  CHECK(error.error->message == "no");
  CHECK(error.error->temporary);
  CHECK(read<RpcAnswer>(R"({"result":null,"error":{"code":103}})").error->code == 103);
  const auto end = read<RpcAnswer>(R"({"disconnect":{"code":4501,"reason":"banned"}})");
  REQUIRE(end.disconnect.has_value());
  CHECK(end.disconnect->code == 4501);
  CHECK(end.disconnect->reason == "banned");

  for (const int code : {100, 113, 400, 1999})
    CHECK_FALSE(malformed("{\"error\":{\"code\":" + std::to_string(code) + "}}"));
  for (const int code : {-1, 0, 99, 114, 399, 2000})
    CHECK(malformed("{\"error\":{\"code\":" + std::to_string(code) + "}}"));
  for (const int code : {3000, 4999})
    CHECK_FALSE(malformed("{\"disconnect\":{\"code\":" + std::to_string(code) + "}}"));
  for (const int code : {0, 1000, 2999, 5000})
    CHECK(malformed("{\"disconnect\":{\"code\":" + std::to_string(code) + "}}"));
  CHECK(malformed(R"({"error":{"code":1000,"message":")" + std::string(2000, 'a') + "\"}}"));
}

TEST_CASE("answer: what is not in the shape of an answer is none") {
  for (const char* const body : {"",
                                 " ",
                                 "null",
                                 "1",
                                 "\"result\"",
                                 "[]",
                                 "{}",
                                 "{",
                                 R"({"result":{}} x)",
                                 R"({"result":{}}{"result":{}})",
                                 R"({"result":null})",
                                 R"({"result":[]})",
                                 R"({"result":"yes"})",
                                 R"({"result":true})",
                                 R"({"results":{}})",
                                 R"({"result":{},"error":{"code":1000}})",
                                 R"({"result":{},"disconnect":{"code":4000}})",
                                 R"({"error":{"code":1000},"disconnect":{"code":4000}})",
                                 R"({"result":{},"result":{}})",
                                 R"({"error":"no"})",
                                 R"({"error":{}})",
                                 R"({"error":{"code":"1000"}})",
                                 R"({"error":{"code":1000.5}})",
                                 R"({"error":{"code":1e400}})",
                                 R"({"error":{"code":4294968296}})",
                                 R"({"error":{"code":1000,"message":1}})",
                                 R"({"disconnect":{}})",
                                 R"({"disconnect":{"code":4000,"reason":[]}})",
                                 R"({"result":{"data":1,"b64data":"eA=="}})",
                                 R"({"result":{"b64data":"?"}})",
                                 R"({"result":{"b64data":1}})",
                                 R"({"result":{"data":1,"data":1}})",
                                 R"({"result":{"x":}})",
                                 "{\"result\":{\"data\":\"\x80\"}}"}) {
    CAPTURE(body);
    CHECK(malformed(body));
  }
  for (const char* const result :
       {R"({"user":1})", R"({"expire_at":"1"})", R"({"expire_at":-1})", R"({"expire_at":1.5})",
        R"({"channels":{}})", R"({"channels":[1]})", R"({"channels":[""]})",
        R"({"channels":["a",null]})", R"({"subs":[]})", R"({"subs":{"a":1}})",
        R"({"subs":{"":{}}})", R"({"subs":{"a":{"b64info":"?"}}})", R"({"subs":{"\ud800":{}}})",
        R"({"info":1,"b64info":"eA=="})"}) {
    CAPTURE(result);
    CHECK(malformed<ConnectAnswer>(std::string("{\"result\":") + result + "}"));
  }
  CHECK(malformed<PublishAnswer>(R"({"result":{"skip_history":1}})"));
  CHECK(malformed<RefreshResult>(R"({"result":{"expired":"no"}})"));
  // A payload may nest as deep as any other, and nothing deeper.
  for (const int depth : {33, 100'000}) {
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    CHECK(malformed("{\"result\":{\"data\":" + deep + "}}"));
    CHECK(malformed("{\"result\":{},\"other\":{\"a\":" + deep + "}}"));
  }
  CHECK_FALSE(
      malformed("{\"result\":{\"data\":" + std::string(32, '[') + std::string(32, ']') + "}}"));
}

TEST_CASE("answer: one that is cut anywhere is none") {
  const std::string whole =
      R"({"result":{"user":"u","expire_at":1,"info":{"a":[1]},"channels":["a"],"subs":{"b":{}}}})";
  CHECK_FALSE(malformed<ConnectAnswer>(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(malformed<ConnectAnswer>(whole.substr(0, size)));
}

}  // namespace
}  // namespace madang::backend
