// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "histogram.h"

namespace load {

// The figures of one row or run, in the order they were added, as JSON.
class Figures {
 public:
  void add(std::string_view key, std::int64_t value);
  void add(std::string_view key, std::uint64_t value);
  void add(std::string_view key, std::uint32_t value) { add(key, std::uint64_t{value}); }
  void add(std::string_view key, int value) { add(key, std::int64_t{value}); }
  void add(std::string_view key, double value);  // What is not finite becomes null.
  void add(std::string_view key, bool value);
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add_json(std::string_view key, std::string json);

  std::string json() const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::string quote_json(std::string_view text);
// 1234567 as "1,234,567", and times as people say them.
std::string say_number(double value);
std::string say_time(double ns);
std::string say_bytes(double bytes);

// What a run found: figures for programs, sentences for people, and why it failed if it did.
class Report {
 public:
  Figures& figures() { return figures_; }
  void say(std::string line) { lines_.push_back(std::move(line)); }
  void fail(std::string why) { failures_.push_back(std::move(why)); }
  void add_row(const Figures& row) { rows_.push_back(row.json()); }
  bool is_ok() const { return failures_.empty(); }

  // latency_p50_us and its like, under `name`.
  void add_latency(std::string_view name, const Histogram& latency);

  std::string json() const;
  // The sentences, a line each.
  std::string text() const;
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  Figures figures_;
  std::vector<std::string> lines_;
  std::vector<std::string> failures_;
  std::vector<std::string> rows_;
};

// Ends a program: sentences to the standard output, failures to the standard error under its name,
// and the figures into the file `json_path`: "" is none, and "-" the standard output, which then
// carries nothing else. Answers the exit status.
int finish(const Report& report, std::string_view program, const std::string& json_path);

}  // namespace load
