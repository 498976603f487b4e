// SPDX-License-Identifier: Apache-2.0
// A mixed load on one server for a given time: chat at a steady rate, people who join and leave,
// who stop reading, and whose connections break and who come back for what they missed. Every
// message is accounted for. It fails if one is lost, or if the server's memory, its open files or
// the latency drift; drift.h has the rules.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "failure.h"
#include "soak.h"

namespace {

void add_options(CLI::App& app, soak::SoakOptions& o) {
  app.add_option("--server-binary", o.server_binary, "The program bench/server")->required();
  app.add_option("--server-option", o.server_options,
                 "Passed on to it, as --server-option=--its=value; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--duration", o.duration_s, "Seconds")
      ->capture_default_str()
      ->check(CLI::Range(5.0, 1e7));
  app.add_option("--rate", o.rate, "Messages a second")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6));
  app.add_option("--rooms", o.rooms, "Rooms")->capture_default_str()->check(CLI::Range(1, 10'000));
  app.add_option("--members", o.members, "Members of each room, who stay")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--roaming", o.roaming, "Clients that join and leave")->capture_default_str();
  app.add_option("--pausing", o.pausing, "Clients that stop reading")->capture_default_str();
  app.add_option("--returning", o.returning, "Clients whose connections break")
      ->capture_default_str();
  app.add_option("--seed", o.seed, "Of who does what when")->capture_default_str();
  app.add_option("--leak", o.leaks_per_s, "Connections a second that nobody closes")->group("");
}

}  // namespace

int main(int argc, char** argv) try {
  ::signal(SIGPIPE, SIG_IGN);
  soak::SoakOptions options;
  std::string json;
  bool shows_progress = false;
  CLI::App app("A mixed load for a given time, which nothing may drift under.");
  add_options(app, options);
  app.add_option("--json", json, "File for the figures; - for standard output");
  app.add_flag("--progress", shows_progress, "Show progress even if nobody sits there");
  CLI11_PARSE(app, argc, argv);

  load::Report report;
  load::Progress progress(shows_progress);
  report.figures().add("duration_s", options.duration_s);
  try {
    soak::run_soak(options, report, progress);
  } catch (const load::Failure& failure) {
    report.fail(failure.what());
  }
  progress.clear();
  return load::finish(report, "soak", json);
} catch (const std::exception& error) {
  fmt::print(stderr, "soak: {}\n", error.what());
  return 2;
}
