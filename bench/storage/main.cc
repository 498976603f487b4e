// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <utility>

#include "calls.h"
#include "madang/storage/any/make_store.h"
#include "options.h"

namespace {

using bench::Calls;
using bench::Clock;
using bench::Options;
using bench::seconds_since;
using bench::Times;

void read_options(CLI::App& app, Options& o) {
  app.add_option("--store", o.store, "memory, sqlite:PATH or postgres://...")->required();
  app.add_option("--archive", o.archive, "Folder of an archive that is put in front");
  app.add_option("--messages", o.messages, "Fill the store to so many before pages are read");
  app.add_option("--bytes", o.bytes, "Of a payload")
      ->capture_default_str()
      ->check(CLI::Range(2, 1 << 20));
  app.add_option("--rooms", o.rooms, "Rooms")->capture_default_str()->check(CLI::Range(1, 1 << 20));
  app.add_option("--batch", o.batch, "Messages of an append")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 16));
  app.add_flag("--search", o.search, "Keep an index of words, and search");
  app.add_flag("--korean", o.korean, "Words of Hangul, which are found by pairs of syllables");
  app.add_option("--seconds", o.seconds, "Of appending, and of acknowledging")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--publishers", o.publishers, "Who each wait for their message to be stored")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 16));
  app.add_option("--samples", o.samples, "Pages and searches")->capture_default_str();
}

void say(const char* what, Times& times) {
  fmt::print("{:<28} p50 {:8.2f} ms  p95 {:8.2f} ms  p99 {:8.2f} ms  most {:8.2f} ms  of {}\n",
             what, times.quantile(0.5), times.quantile(0.95), times.quantile(0.99),
             times.quantile(1), times.ms.size());
  std::fflush(stdout);
}

template <typename Call>
void timed(Times& times, const Call& call) {
  const Clock::time_point begin = Clock::now();
  call();
  times.ms.push_back(seconds_since(begin) * 1e3);
}

// Batches one after the other, the next being gathered while one is stored, as WriteBehind does.
void append_for(Calls& calls, const Options& options, const char* what,
                const std::function<bool(double)>& go_on) {
  Times times;
  std::uint64_t count = 0;
  const Clock::time_point begin = Clock::now();
  madang::MessageBatch batch;
  while (!batch.empty() || go_on(seconds_since(begin))) {
    if (batch.empty()) batch = calls.next_batch(options.batch);
    timed(times, [&] {
      auto appending = calls.begin_append(std::exchange(batch, {}));
      count += options.batch;
      if (go_on(seconds_since(begin))) batch = calls.next_batch(options.batch);
      calls.finish_append(std::move(appending));
    });
  }
  if (times.ms.empty()) return;
  fmt::print("{:<28} {:.0f} messages/s over {:.1f} s\n", what,
             static_cast<double>(count) / seconds_since(begin), seconds_since(begin));
  say("  a batch of it", times);
}

// Each publisher has one message on its way: what comes while a batch is stored is the next batch.
void acknowledge(Calls& calls, const Options& options) {
  Times times;
  const Clock::time_point begin = Clock::now();
  std::uint64_t acknowledged = 0;
  while (seconds_since(begin) < options.seconds) {
    auto batch = calls.next_batch(options.publishers);
    timed(times, [&] { calls.append(std::move(batch)); });
    acknowledged += options.publishers;
  }
  fmt::print("{:<28} {:.0f} acknowledged/s\n", fmt::format("{} publishers", options.publishers),
             static_cast<double>(acknowledged) / seconds_since(begin));
  say("  a message of it", times);
}

void search(Calls& calls, const Options& options, std::size_t rooms) {
  using bench::Sought;
  for (const auto& [sought, words] :
       {std::pair(Sought::kCommon, "a common word"), std::pair(Sought::kRare, "a rare word"),
        std::pair(Sought::kTwo, "two words")}) {
    Times times;
    std::size_t found = 0;
    for (std::size_t i = 0; i < options.samples; ++i)
      timed(times, [&] { found += calls.search_page(rooms, sought); });
    say(fmt::format("{} in {} rooms", words, rooms).c_str(), times);
    fmt::print("{:<28} {:.1f} messages on a page\n", "  found",
               static_cast<double>(found) / static_cast<double>(options.samples));
  }
}

void measure(madang::MessageStore& store, const Options& options) {
  Calls calls(store, options);
  calls.open();
  fmt::print("{} messages are there\n", calls.messages());
  append_for(calls, options, "append", [&](double s) { return s < options.seconds; });
  append_for(calls, options, "fill", [&](double) { return calls.messages() < options.messages; });
  Times pages;
  for (std::size_t i = 0; i < options.samples; ++i)
    timed(pages, [&] { calls.read_page(); });
  say(fmt::format("page of 50, of {}", calls.messages()).c_str(), pages);
  if (options.search) {
    for (const std::size_t rooms : {std::size_t{1}, std::size_t{20}, std::size_t{256}})
      search(calls, options, rooms);
  }
  acknowledge(calls, options);
  calls.close();
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  CLI::App app("Measures a message store alone", "store");
  read_options(app, options);
  CLI11_PARSE(app, argc, argv);
  const auto made = madang::make_store(
      {.name = options.store, .search = options.search, .archive_folder = options.archive});
  if (!made.ok()) {
    fmt::print(stderr, "store: {}\n", made.status().ToString());
    return 1;
  }
  measure(*made->store, options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "store: {}\n", error.what());
  return 2;
}
