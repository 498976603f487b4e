// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "storage/archive/names.h"

namespace madang::archive {
namespace {

// Of errno, as the call before left it.
absl::Status failed(const std::string& path) {
  const int error = errno;
  const std::string text = path + ": " + std::generic_category().message(error);
  if (error == ENOENT) return absl::DataLossError(text);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Some file systems say only here that they could not write.
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (!file.ok() || ::fstat(file.get(), &about) != 0) return failed(path);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > bytes_max) return absl::DataLossError(path + ": it is too large");
  std::string bytes(size, '\0');
  for (std::size_t have = 0; have < size;) {
    const auto got = ::read(file.get(), bytes.data() + have, size - have);
    if (got < 0 && errno != EINTR) return failed(path);
    if (got == 0) return absl::DataLossError(path + ": it is cut");
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

absl::Status write_whole(const std::string& folder, const std::string& name,
                         std::string_view bytes) {
  const std::string path = folder + "/" + name;
  const std::string unfinished = path + std::string(kUnfinished);
  {
    Descriptor file(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    if (!file.ok() || !write_all(file.get(), bytes) || ::fsync(file.get()) != 0 || !file.close()) {
      const absl::Status status = failed(unfinished);
      ::unlink(unfinished.c_str());
      return status;
    }
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return failed(path);
  return sync_folder(folder);
}

absl::Status sync_folder(const std::string& folder) {
  const Descriptor opened(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!opened.ok()) return failed(folder);
  // What is mounted there may not know how, and then keeps names in its own way.
  if (::fsync(opened.get()) != 0 && errno != EINVAL) return failed(folder);
  return absl::OkStatus();
}

}  // namespace madang::archive
