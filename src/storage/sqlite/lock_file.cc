// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace madang::sqlite {
namespace {

constexpr std::size_t kLineageBytes = 32;
constexpr std::size_t kNumberBytes = 20;
constexpr std::size_t kLineBytes = kLineageBytes + 1 + kNumberBytes + 1;

absl::Status failure(int error) {
  const std::string text = fmt::format("the store's lock file: {}", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EMFILE:
    case ENFILE:
    case EIO:
    case EINTR:
    case ENOMEM:
      return absl::UnavailableError(text);
    default:
      return absl::FailedPreconditionError(text);
  }
}

// Always the same length, so that writing it again needs no space.
std::string line_of(const Mark& mark) {
  return fmt::format("{:<{}} {:>{}}\n", mark.lineage.substr(0, kLineageBytes), kLineageBytes,
                     mark.commits, kNumberBytes);
}

}  // namespace

absl::Status LockFile::take(const std::string& path) {
  if (file_ >= 0) return absl::OkStatus();
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return failure(errno);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(file);
    if (error != EWOULDBLOCK) return failure(error);
    return absl::FailedPreconditionError("another writer has the store open");
  }
  file_ = file;
  return absl::OkStatus();
}

void LockFile::release() {
  if (file_ >= 0) close(file_);
  file_ = -1;
}

std::optional<Mark> LockFile::read() const {
  char line[kLineBytes];
  if (pread(file_, line, kLineBytes, 0) != static_cast<ssize_t>(kLineBytes)) return std::nullopt;
  Mark mark;
  mark.lineage.assign(line, kLineageBytes);
  const char* begin = line + kLineageBytes;
  const char* const end = line + kLineBytes - 1;
  while (begin < end && *begin == ' ')
    ++begin;
  const auto [rest, error] = std::from_chars(begin, end, mark.commits);
  if (error != std::errc() || rest != end) return std::nullopt;
  return mark;
}

void LockFile::write(const Mark& mark) {
  const std::string line = line_of(mark);
  // If it fails the mark stays behind, and a store that goes back may go unnoticed: no reason to
  // refuse what is safely stored.
  [[maybe_unused]] const ssize_t written = pwrite(file_, line.data(), line.size(), 0);
}

absl::Status LockFile::write_and_sync(const Mark& mark) {
  const std::string line = line_of(mark);
  const ssize_t written = pwrite(file_, line.data(), line.size(), 0);
  if (written < 0) return failure(errno);
  if (static_cast<std::size_t>(written) != line.size()) return failure(ENOSPC);
  return fsync(file_) == 0 ? absl::OkStatus() : failure(errno);
}

std::string identity_of_file(const std::string& path) {
  struct statx facts = {};
  // The time of its birth too, because a number of a file that is gone is soon given to another.
  constexpr unsigned kWanted = STATX_INO | STATX_BTIME;
  if (statx(AT_FDCWD, path.c_str(), 0, kWanted, &facts) != 0) return {};
  const bool born = (facts.stx_mask & STATX_BTIME) != 0;
  return fmt::format("{}:{}:{}:{}.{:09}", facts.stx_dev_major, facts.stx_dev_minor, facts.stx_ino,
                     born ? facts.stx_btime.tv_sec : 0, born ? facts.stx_btime.tv_nsec : 0u);
}

}  // namespace madang::sqlite
