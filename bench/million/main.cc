// SPDX-License-Identifier: Apache-2.0
// A million WebSocket connections on one machine, both ends, each in a room; and two smaller
// crowds. Starts servers and clients itself, as many processes as the limits of files ask for.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "client.h"
#include "failure.h"
#include "options.h"
#include "town.h"

namespace {

constexpr std::size_t kManyConnections = 100'000;
constexpr double kEnter_s = 58;  // and the rest of a minute for the last ones

struct Options {
  million::TownOptions town;
  std::string scenario = "million";
  std::string json;
  bool progress = false;
  std::string client_server;
  million::ClientOptions client;
};

void add_options(CLI::App& app, Options& o) {
  app.add_option("--server-binary", o.town.server_binary, "The program bench/server");
  app.add_option("--server-option", o.town.server_options,
                 "Passed on to it, as --server-option=--its=value; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--connections", o.town.connections, "How many; what the scenario says if unset");
  app.add_option("--scenario", o.scenario,
                 "million: 1,000,000, then a message to all; room: 100,000 in one room; "
                 "enter: 100,000 enter a room within a minute, and the count is asked every second")
      ->capture_default_str()
      ->check(CLI::IsMember({"million", "room", "enter"}));
  app.add_option("--ramp", o.town.ramp_s, "enter: seconds that entering takes; 58 if unset");
  app.add_option("--per-process", o.town.per_process_max, "Connections of one process, at most");
  app.add_option("--json", o.json, "File for the figures; - for standard output");
  app.add_flag("--progress", o.progress, "Show progress even if nobody sits there");
}

CLI::App* add_client(CLI::App& app, Options& o) {
  CLI::App* const client = app.add_subcommand("client", "What this program runs beside itself");
  client->group("");
  client->add_option("--server", o.client_server)->required();
  client->add_option("--connections", o.client.connections)->required();
  client->add_option("--first-source", o.client.first_source);
  client->add_option("--handshakes", o.client.handshakes);
  client->add_option("--ramp", o.client.ramp_s);
  return client;
}

int run(Options& options) {
  load::Report report;
  load::Progress progress(options.progress);
  report.figures().add("scenario", std::string_view(options.scenario));
  try {
    if (options.town.server_binary.empty()) throw load::Failure("--server-binary is needed");
    if (options.town.connections == 0) throw load::Failure("--connections: at least one");
    million::run_town(options.town, report, progress);
  } catch (const load::Failure& failure) {
    report.fail(failure.what());
  }
  progress.clear();
  return load::finish(report, "million", options.json);
}

}  // namespace

int main(int argc, char** argv) try {
  ::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app("A million WebSocket connections on one machine, both ends.");
  add_options(app, options);
  CLI::App* const client = add_client(app, options);
  CLI11_PARSE(app, argc, argv);
  if (client->parsed()) {
    options.client.server = load::read_address(options.client_server);
    return million::run_client(options.client);
  }
  if (app.count("--connections") == 0 && options.scenario != "million") {
    options.town.connections = kManyConnections;
  }
  if (options.scenario != "enter") options.town.ramp_s = 0;
  if (options.scenario == "enter" && options.town.ramp_s <= 0) options.town.ramp_s = kEnter_s;
  return run(options);
} catch (const std::exception& error) {
  fmt::print(stderr, "million: {}\n", error.what());
  return 2;
}
