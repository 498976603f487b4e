// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace load {

void Figures::add(std::string_view key, std::int64_t value) {
  add_json(key, fmt::to_string(value));
}
void Figures::add(std::string_view key, std::uint64_t value) {
  add_json(key, fmt::to_string(value));
}
void Figures::add(std::string_view key, bool value) { add_json(key, value ? "true" : "false"); }
void Figures::add(std::string_view key, std::string_view value) {
  add_json(key, quote_json(value));
}
void Figures::add(std::string_view key, double value) {
  add_json(key, std::isfinite(value) ? fmt::format("{:.9g}", value) : "null");
}
void Figures::add_json(std::string_view key, std::string json) {
  entries_.emplace_back(key, std::move(json));
}

std::string Figures::json() const {
  std::string out = "{";
  for (const auto& [key, value] : entries_)
    out += fmt::format("{}{}: {}", out.size() > 1 ? ", " : "", quote_json(key), value);
  return out + "}";
}

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string say_number(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t at = digits.size(); at > 3 + (digits[0] == '-'); at -= 3) {
    digits.insert(at - 3, 1, ',');
  }
  return digits;
}

std::string say_time(double ns) {
  if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.3g} µs", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.3g} ms", ns / 1e6);
  return fmt::format("{:.3g} s", ns / 1e9);
}

std::string say_bytes(double bytes) {
  const double size = std::abs(bytes);
  if (size < 10'000) return fmt::format("{:.0f} B", bytes);
  if (size < 10e6) return fmt::format("{:.0f} KB", bytes / 1e3);
  return fmt::format("{:.0f} MB", bytes / 1e6);
}

void Report::add_latency(std::string_view name, const Histogram& latency) {
  constexpr std::pair<const char*, double> kQuantiles[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
  std::string line = fmt::format("  {:<15}", name);
  for (const auto& [quantile, part] : kQuantiles) {
    const double time_ns = latency.quantile_ns(part);
    figures_.add(fmt::format("{}_{}_us", name, quantile), time_ns / 1e3);
    line += fmt::format(" {} {}  ", quantile, say_time(time_ns));
  }
  figures_.add(fmt::format("{}_max_us", name), double(latency.largest_ns()) / 1e3);
  figures_.add(fmt::format("{}_mean_us", name), latency.mean_ns() / 1e3);
  say(line + " max " + say_time(double(latency.largest_ns())));
}

std::string Report::json() const {
  Figures all;
  all.add("ok", is_ok());
  std::string failures = "[";
  for (const std::string& why : failures_)
    failures += fmt::format("{}{}", failures.size() > 1 ? ", " : "", quote_json(why));
  all.add_json("failures", failures + "]");
  std::string json = all.json();
  json.pop_back();
  const std::string figures = figures_.json();
  if (figures.size() > 2) json += fmt::format(", {}", figures.substr(1, figures.size() - 2));
  if (!rows_.empty()) {
    json += ", \"series\": [";
    for (std::size_t i = 0; i < rows_.size(); ++i)
      json += fmt::format("{}{}", i > 0 ? ", " : "", rows_[i]);
    json += "]";
  }
  return json + "}\n";
}

std::string Report::text() const {
  std::string out;
  for (const std::string& line : lines_)
    out += line + '\n';
  return out;
}

namespace {

bool write_json(const Report& report, const std::string& path) {
  if (path.empty()) return true;
  FILE* const file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::perror(path.c_str());
    return false;
  }
  fmt::print(file, "{}", report.json());
  return file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
}

}  // namespace

int finish(const Report& report, std::string_view program, const std::string& json_path) {
  if (json_path != "-") fmt::print("{}", report.text());
  for (const std::string& why : report.failures())
    fmt::print(stderr, "{}: FAILED: {}\n", program, why);
  return write_json(report, json_path) && report.is_ok() ? 0 : 1;
}

}  // namespace load
