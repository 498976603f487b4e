// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace madang {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

// Receives what the engine has to say to its operator. The host supplies one, or none.
class LogSink {
 public:
  virtual ~LogSink() = default;

  // `cause` is a short fixed word ("handler_threw"), `text` a line with everything that came from
  // outside escaped already; neither outlives the call. Never contains payloads or tokens. Any
  // thread, several at once; must not throw and must not wait.
  virtual void write(LogLevel level, std::string_view cause, std::string_view text) = 0;
};

// Makes text from outside fit for one line of a log: control bytes, backslashes and bytes that are
// not ASCII become \xNN, and what is beyond `size_max` bytes of input is cut and marked with "...".
std::string escape_for_log(std::string_view text, std::size_t size_max = 128);

}  // namespace madang
