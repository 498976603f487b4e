// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "clock.h"
#include "failure.h"

namespace load {
namespace {

constexpr std::uint16_t kLowestPort = 2'000;
constexpr std::int64_t kStart_ns = 10 * kSecond_ns;

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  int to_child[2];
  int from_child[2];
  if (::pipe2(to_child, O_CLOEXEC) != 0 || ::pipe2(from_child, O_CLOEXEC) != 0) {
    throw Failure(fmt::format("pipe: {}", std::strerror(errno)));
  }
  std::vector<char*> arguments;
  for (const std::string& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw Failure(fmt::format("fork: {}", std::strerror(errno)));
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(to_child[0], STDIN_FILENO);
    ::dup2(from_child[1], STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  input_ = to_child[1];
  output_ = from_child[0];
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  if (!has_ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(input_);
  ::close(output_);
}

void Process::tell(const std::string& line) {
  const std::string text = line + '\n';
  // Lines are far shorter than a pipe; one that has ended is noticed elsewhere.
  if (::write(input_, text.data(), text.size()) < 0 && errno != EPIPE) {
    throw Failure(fmt::format("pipe: {}", std::strerror(errno)));
  }
}

std::optional<std::string> Process::hear() {
  char bytes[4096];
  for (ssize_t size; (size = ::read(output_, bytes, sizeof bytes)) > 0;)
    heard_.append(bytes, static_cast<std::size_t>(size));
  const std::size_t end = heard_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = heard_.substr(0, end);
  heard_.erase(0, end + 1);
  return line;
}

bool Process::has_ended() {
  if (!has_ended_) has_ended_ = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
  return has_ended_;
}

ServerProcess start_server(const std::string& binary, const std::vector<std::string>& options,
                           std::uint16_t below) {
  const std::int64_t deadline = now_ns() + kStart_ns;
  for (std::uint16_t port = below; --port >= kLowestPort;) {
    std::vector<std::string> command = {binary, "--lanes", "1", "--port", std::to_string(port)};
    command.insert(command.end(), options.begin(), options.end());
    auto process = std::make_unique<Process>(command);
    while (!process->has_ended()) {
      const auto line = process->hear();
      if (line && line->starts_with("ready")) return {std::move(process), port};
      if (!line) ::usleep(1000);
      if (now_ns() > deadline) throw Failure(fmt::format("{} does not get ready", binary));
    }
    // Somebody has that port, or it is no server at all; then the next one tells no better.
    if (now_ns() > deadline || ::access(binary.c_str(), X_OK) != 0) break;
  }
  throw Failure(fmt::format("{} can not be started", binary));
}

}  // namespace load
