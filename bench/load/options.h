// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace load {

enum class Mode : std::uint8_t { kFanout, kRate, kIdle, kStorm, kChurn, kEcho };
enum class Protocol : std::uint8_t { kCentrifuge, kTemplate };

// What one run is to do, as the command line says.
struct Options {
  sockaddr_in server{};
  Mode mode = Mode::kFanout;
  Protocol protocol = Protocol::kCentrifuge;
  std::string path = "/connection/websocket";
  bool is_early = false;

  std::uint32_t rooms = 1;
  std::uint32_t members = 1000;  // of each room
  std::size_t message_bytes = 128;
  std::uint32_t in_flight = 1;
  double rate = 0;                  // a second; 0: as fast as possible, where that is allowed
  std::uint32_t connections = 100;  // echo
  std::size_t handshakes = 256;
  std::string room_prefix;

  std::uint32_t slow = 0;
  int slow_receive_bytes = 4096;
  bool slow_strict = false;

  double warmup_s = 0.3;
  double duration_s = 5;
  std::uint64_t messages = 0;  // 0: by time

  std::vector<std::string> open;
  std::string ready;
  std::string publish;
  std::string publish_path;
  std::string echo = "{message}";
  std::string pong;
  bool quote = false;
  bool self = true;

  std::size_t source_addresses = 0;
  int core = -1;
  int server_core = -1;
  std::vector<pid_t> server_pids;

  std::string json;
  bool series = false;
  bool progress = false;
};

const char* name_of(Mode mode);

// Reads the command line into `out`. Answers whether to go on; if not, `exit_code` is set and the
// user has been told why, or has got the help that was asked for.
bool read_options(int argc, char** argv, Options* out, int* exit_code);

// "127.0.0.1:8000". Failure if it is none.
sockaddr_in read_address(const std::string& text);

}  // namespace load
