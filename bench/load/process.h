// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace load {

// A program run beside this one, spoken to line by line over its standard input and output. It ends
// with this one, whatever way that ends. Failure if it can not be started.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  ~Process();  // Kills it.
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void tell(const std::string& line);
  // The next whole line it has said, if there is one; never waits.
  std::optional<std::string> hear();
  // Whether it has ended; what it said before can still be heard.
  bool has_ended();

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  bool has_ended_ = false;
  std::string heard_;
};

struct ServerProcess {
  std::unique_ptr<Process> process;
  std::uint16_t port = 0;
};

// Starts bench/server, with `options` of its own, on the highest port below `below` that is free,
// and waits until it is ready. Failure if that takes more than ten seconds or no port is left.
ServerProcess start_server(const std::string& binary, const std::vector<std::string>& options,
                           std::uint16_t below);

}  // namespace load
