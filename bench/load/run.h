// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "codec.h"
#include "histogram.h"
#include "machine.h"
#include "options.h"
#include "pool.h"
#include "progress.h"
#include "report.h"

namespace load {

// What every mode works with.
struct Run {
  explicit Run(const Options& run_options)
      : options(run_options),
        machine(run_options.server_pids, run_options.server_core),
        progress(run_options.progress) {}

  const Options& options;
  const Machine machine;
  Progress progress;
  Report report;
};

// `enters`: whether the opening brings a client into its room.
std::unique_ptr<Codec> make_codec(const Options& options, bool enters);
PoolOptions make_pool_options(const Options& options, Codec* codec, Listener* listener);
// Failure that names the limit, if this process may not hold so many.
void require_files(std::size_t connections);
// pool.connect_all() under a progress bar. Answers how long it took.
std::int64_t connect_all(Run& run, Pool& pool);

// Puts what was spent on `count` operations, each called `one` in keys and sentences, into the
// report: CPU of the server, of the machine beside the generator, of the generator itself.
void report_cpu(Run& run, const CpuSample& spent, std::uint64_t count, std::string_view one);
// What `connections` took: memory of the server, the generator and the kernel.
void report_memory(Run& run, const MemorySample& before, const MemorySample& after,
                   std::size_t connections);

// The measured time of a run: begins after the warm-up, ends by time or count, and keeps a row for
// every second if that was asked for.
class Window {
 public:
  // `count` and `latency` are those of the work, which go on counting; they outlive this.
  Window(Run& run, std::string_view unit, const Histogram& latency);

  // Call often. `count`: of all that was done since the start, `messages`: of those complete.
  // Answers false once the measured time is over.
  bool go_on(std::uint64_t count, std::uint64_t messages, std::int64_t now_ns);

  bool is_measuring() const { return is_measuring_; }
  // How many messages may be published in all, as far as that is known.
  std::uint64_t messages_max() const { return messages_max_; }
  // What was spent, done and waited for between begin and end. After the end.
  const CpuSample& spent() const { return spent_; }
  double seconds() const { return double(spent_.wall_ns) / 1e9; }
  std::uint64_t count() const { return count_; }
  const Histogram& latency() const { return latency_; }
  const MemorySample& memory_growth() const { return growth_; }

 private:
  void begin(std::uint64_t count, std::uint64_t messages, std::int64_t now);
  void end(std::uint64_t count);
  void add_row(std::uint64_t count, std::int64_t now);

  Run& run_;
  const std::string_view unit_;
  const Histogram& running_latency_;
  const std::int64_t created_ns_;
  bool is_measuring_ = false;
  std::int64_t begin_ns_ = 0;
  std::int64_t row_ns_ = 0;
  std::uint64_t messages_max_;
  std::uint64_t first_count_ = 0, row_count_ = 0, count_ = 0;
  CpuSample first_cpu_, row_cpu_, spent_;
  MemorySample first_memory_, growth_;
  Histogram first_latency_, row_latency_, latency_;
};

// The modes. Each fills the report of the run, and throws Failure where nothing is left to report.
void run_fanout(Run& run);
void run_rate(Run& run);
void run_idle(Run& run);
void run_storm(Run& run);
void run_churn(Run& run);
void run_echo(Run& run);

}  // namespace load
