// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/run.h"

#include <doctest/doctest.h>

#include <csignal>
#include <future>

#include "server_fixture.h"

namespace madang {

using namespace std::chrono_literals;

TEST_CASE("run: a signal stops the server, drains the engine and returns in time") {
  for (const bool answers : {true, false}) {
    CAPTURE(answers);
    const auto lanes_owner = lanes_of_each_kind({.lanes = 2});
    Lanes& lanes = *lanes_owner;
    EchoEngine engine(lanes);
    auto server = Server::start(
        {.engine = &engine, .lanes = &lanes, .protocols = {{.make = [](const http::Request&) {
                                               return std::make_unique<NullProtocol>();
                                             }}}});
    REQUIRE(server.ok());
    std::promise<void> returned;
    auto client = std::async(std::launch::async, [&, port = (*server)->port()] {
      TcpClient session(port);
      session.send(upgrade_request());
      receive_head(session);
      receive_frame(session);
      ::kill(::getpid(), SIGTERM);
      const auto code = websocket::parse_close(receive_frame(session).payload).code;
      if (answers) {
        session.send(client_close(3001));
        session.receive_all();
      } else {
        returned.get_future().wait();
      }
      return code;
    });
    CHECK(run_until_signal(lanes, engine, **server, {.deadline = answers ? 10s : 100ms}) ==
          answers);
    returned.set_value();
    server->reset();
    CHECK(client.get() == 3001);
  }
}

}  // namespace madang
