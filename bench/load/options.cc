// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

#include "clock.h"
#include "failure.h"
#include "marker.h"

namespace load {
namespace {

const std::map<std::string, Mode> kModes = {{"fanout", Mode::kFanout}, {"rate", Mode::kRate},
                                            {"idle", Mode::kIdle},     {"storm", Mode::kStorm},
                                            {"churn", Mode::kChurn},   {"echo", Mode::kEcho}};
const std::map<std::string, Protocol> kProtocols = {{"centrifuge", Protocol::kCentrifuge},
                                                    {"template", Protocol::kTemplate}};

void add_work(CLI::App& app, Options& o) {
  app.add_option("--mode", o.mode,
                 "fanout: publish whenever one of --in-flight messages is complete; "
                 "rate: publish --rate messages a second whatever comes back; "
                 "idle: connect and hold; storm: connect, close, and again; "
                 "churn: join and leave on standing connections; echo: one message to and fro")
      ->transform(CLI::CheckedTransformer(kModes, CLI::ignore_case).description(""));
  app.add_option("--rooms", o.rooms, "Rooms")->capture_default_str()->check(CLI::Range(1, 1 << 20));
  app.add_option("--members", o.members, "Members of each room")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--connections", o.connections, "Of the echo")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--size", o.message_bytes, "Bytes of a message")
      ->capture_default_str()
      ->check(CLI::Range(kMessageBytesMin, kMessageBytesMax));
  app.add_option("--in-flight", o.in_flight, "Messages, or joins and leaves, under way at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 65'536));
  app.add_option("--rate", o.rate, "Messages, or joins and leaves, a second")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--handshakes", o.handshakes, "Connections in progress at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 65'536));
  app.add_option("--warmup", o.warmup_s, "Seconds before the measured time")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--duration", o.duration_s, "Seconds that are measured")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--messages", o.messages, "Messages that are measured, instead of --duration");
  app.add_option("--room-prefix", o.room_prefix,
                 "Names of rooms before their number; otherwise new ones each run");
  app.add_option("--slow", o.slow, "rate: members that stop to read until the end");
  app.add_option("--slow-receive-bytes", o.slow_receive_bytes, "SO_RCVBUF of those")
      ->capture_default_str();
  app.add_flag("--slow-strict", o.slow_strict, "Fail if one of those lost something silently");
}

void add_template(CLI::App& app, Options& o) {
  app.add_option("--protocol", o.protocol, "centrifuge (JSON), or template: what follows")
      ->transform(CLI::CheckedTransformer(kProtocols, CLI::ignore_case).description(""));
  app.add_flag("--early", o.is_early,
               "centrifuge: connect and enter with the handshake (cf_connect), not after it");
  app.add_option("--path", o.path, "Of the handshake; {room} and {member} are filled in")
      ->capture_default_str();
  app.add_option("--open", o.open, "template: a text sent after the handshake; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--ready", o.ready, "template: what must have come before a client counts");
  app.add_option("--publish", o.publish, "template: a message; {room} and {message}");
  app.add_option("--publish-path", o.publish_path,
                 "template: where publishers connect, one a room, who send the bare message");
  app.add_option("--echo", o.echo, "template: what an echo is asked with")->capture_default_str();
  app.add_option("--pong", o.pong, "template: \"2=3\" answers the text 2 by the text 3");
  app.add_flag("--quote", o.quote, "template: {message} stands within a JSON string");
  app.add_option("--self", o.self, "template: publishers receive what they publish: yes or no")
      ->transform(CLI::CheckedTransformer(std::map<std::string, bool>{{"yes", true}, {"no", false}},
                                          CLI::ignore_case)
                      .description(""));
}

void add_machine(CLI::App& app, Options& o) {
  app.add_option("--source-addresses", o.source_addresses,
                 "Addresses 127.x.y.z to connect from; 0: as many as it takes");
  app.add_option("--core", o.core, "Core to run on");
  app.add_option("--server-core", o.server_core, "Core of the server, to read its busy time");
  app.add_option("--server-pids", o.server_pids, "Processes of the server, to read CPU and memory")
      ->delimiter(',');
  app.add_option("--json", o.json, "File for the figures; - for standard output");
  app.add_flag("--series", o.series, "The JSON gets a row for every second");
  app.add_flag("--progress", o.progress, "Show progress even if nobody sits there");
}

// A number that no run before had, so that a server that remembers rooms has none of these.
std::string make_room_prefix() {
  return fmt::format("r{:08x}-",
                     static_cast<std::uint32_t>(now_ns() / 1000 ^ std::int64_t{getpid()} << 20));
}

void check(const Options& o) {
  if (o.mode == Mode::kRate && o.rate <= 0) throw Failure("--mode rate needs --rate");
  if (o.slow > 0 && o.mode != Mode::kRate) throw Failure("--slow is for --mode rate");
  if (o.slow >= o.rooms * std::uint64_t{o.members}) throw Failure("all members are --slow");
  if (o.mode == Mode::kChurn && o.protocol == Protocol::kTemplate) {
    throw Failure("--mode churn speaks only the Centrifuge protocol");
  }
  const bool publishes = o.mode == Mode::kFanout || o.mode == Mode::kRate;
  if (publishes && o.protocol == Protocol::kTemplate && o.publish.empty() &&
      o.publish_path.empty()) {
    throw Failure("--protocol template needs --publish or --publish-path");
  }
  if (!o.pong.empty() && o.pong.find('=') == std::string::npos) {
    throw Failure("--pong wants \"what comes=what to answer\"");
  }
}

}  // namespace

const char* name_of(Mode mode) {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name.c_str();
  }
  return "";
}

sockaddr_in read_address(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon != text.npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  }
  if (port == 0 || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    throw Failure(fmt::format("\"{}\" is no address such as 127.0.0.1:8000", text));
  }
  address.sin_port = htons(port);
  return address;
}

bool read_options(int argc, char** argv, Options* out, int* exit_code) {
  std::string server = "127.0.0.1:8000";
  CLI::App app("Loads a WebSocket server, measures it, and checks every message it delivers.");
  app.add_option("--server", server, "Where it listens")->capture_default_str();
  add_work(app, *out);
  add_template(app, *out);
  add_machine(app, *out);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  out->server = read_address(server);
  if (out->room_prefix.empty()) out->room_prefix = make_room_prefix();
  check(*out);
  return true;
}

}  // namespace load
