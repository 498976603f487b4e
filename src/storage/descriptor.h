// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace madang {

// An open file, closed with this object.
class Descriptor {
 public:
  Descriptor() = default;
  // ok() if it went well; else errno says why not. A new file can be read and written by all whom
  // the umask lets, and a program that is started does not inherit it.
  Descriptor(const std::string& path, int flags);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Some file systems say only here that they could not write: false.
  bool close();

 private:
  int fd_ = -1;
};

// False, with the reason in errno, if not all could be written; some may be.
bool write_all(int fd, std::string_view bytes);

// Makes a new, renamed or deleted entry of `folder` last. Errors are those of file_failure().
absl::Status sync_folder(const std::string& folder);

// What the errno of a call on `path` means. DataLoss: there is no such file; ResourceExhausted: the
// disk is full, or the file may not grow; else Unavailable.
absl::Status file_failure(const std::string& path);

}  // namespace madang
