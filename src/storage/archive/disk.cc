// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "storage/archive/names.h"
#include "storage/descriptor.h"

namespace madang::archive {

absl::StatusOr<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (!file.ok() || ::fstat(file.get(), &about) != 0) return file_failure(path);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > bytes_max) return absl::DataLossError(path + ": it is too large");
  std::string bytes(size, '\0');
  for (std::size_t have = 0; have < size;) {
    const auto got = ::read(file.get(), bytes.data() + have, size - have);
    if (got < 0 && errno != EINTR) return file_failure(path);
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
      const absl::Status status = file_failure(unfinished);
      ::unlink(unfinished.c_str());
      return status;
    }
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return file_failure(path);
  return sync_folder(folder);
}

}  // namespace madang::archive
