// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/prctl.h>

#include <cstdio>
#include <exception>

#include "failure.h"
#include "run.h"

namespace {

using load::Mode;

void work(load::Run& run) {
  switch (run.options.mode) {
    case Mode::kFanout:
      return load::run_fanout(run);
    case Mode::kRate:
      return load::run_rate(run);
    case Mode::kIdle:
      return load::run_idle(run);
    case Mode::kStorm:
      return load::run_storm(run);
    case Mode::kChurn:
      return load::run_churn(run);
    case Mode::kEcho:
      return load::run_echo(run);
  }
}

void describe(load::Run& run) {
  const load::Options& options = run.options;
  load::Figures& figures = run.report.figures();
  figures.add("mode", load::name_of(options.mode));
  figures.add("protocol",
              options.protocol == load::Protocol::kCentrifuge ? "centrifuge" : "template");
  figures.add("rooms", options.rooms);
  figures.add("members", options.members);
  figures.add("message_bytes", std::uint64_t{options.message_bytes});
  run.report.say(options.mode == Mode::kEcho
                     ? fmt::format("echo: {} connections, {} bytes", options.connections,
                                   options.message_bytes)
                     : fmt::format("{}: {} rooms of {} members, {} bytes",
                                   load::name_of(options.mode), options.rooms, options.members,
                                   options.message_bytes));
}

}  // namespace

int main(int argc, char** argv) try {
  load::Options options;
  int exit_code = 0;
  if (!load::read_options(argc, argv, &options, &exit_code)) return exit_code;
  if (options.core >= 0) load::pin_to_core(options.core);
  prctl(PR_SET_TIMERSLACK, 1000);  // A rate is kept to the microsecond, not to fifty.

  load::Run run(options);
  describe(run);
  try {
    work(run);
  } catch (const load::Failure& failure) {
    run.report.fail(failure.what());
  }
  run.progress.clear();
  return load::finish(run.report, "load", options.json);
} catch (const std::exception& error) {
  fmt::print(stderr, "load: {}\n", error.what());
  return 2;
}
