// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "madang/base/random.h"

namespace chat {
namespace {

constexpr std::size_t kDigits = 64;
constexpr mode_t kOwnerAlone = 0600;
constexpr mode_t kOthers = 0077;

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status failed(std::string_view what, const std::string& path) {
  return absl::UnavailableError(fmt::format("{} can not be {}: {}", path, what, strerror(errno)));
}

bool is_secret(std::string_view text) {
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::StatusOr<std::string> read_secret(const OpenFile& file, const std::string& path) {
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return failed("read", path);
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(fmt::format("{} is not an ordinary file", path));
  }
  if ((about.st_mode & kOthers) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("{} is open to others, who could be anybody then: chmod 600 {}", path, path));
  }
  std::array<char, kDigits + 2> bytes{};  // one more than a secret and the end of its line
  const auto size = ::read(file.get(), bytes.data(), bytes.size());
  if (size < 0) return failed("read", path);
  std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (is_secret(text)) return std::string(text);
  return absl::FailedPreconditionError(fmt::format(
      "{} holds no secret of 64 hexadecimal digits. Without the file a new one is made, "
      "and everybody is somebody new",
      path));
}

}  // namespace

std::string make_secret() {
  madang::SystemRandom random;
  std::string secret;
  while (secret.size() < kDigits)
    secret += fmt::format("{:016x}", random.next());
  return secret;
}

absl::StatusOr<std::string> load_secret(const std::string& path) {
  // Without O_NONBLOCK a pipe of this name would keep us until somebody writes to it.
  const OpenFile old(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (old.get() >= 0) return read_secret(old, path);
  if (errno != ENOENT) return failed("opened", path);

  const OpenFile made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerAlone));
  if (made.get() < 0) return failed("made", path);
  std::string secret = make_secret();
  const std::string line = secret + '\n';
  const auto size = ::write(made.get(), line.data(), line.size());
  if (size == static_cast<ssize_t>(line.size()) && ::fsync(made.get()) == 0) return secret;
  const auto status = failed("written", path);
  ::unlink(path.c_str());  // Half a secret would be refused for ever.
  return status;
}

}  // namespace chat
