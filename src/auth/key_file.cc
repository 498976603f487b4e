// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace madang {
namespace {

class OpenFile {
 public:
  // Without O_NONBLOCK a pipe of this name would keep us until somebody writes to it.
  explicit OpenFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::StatusOr<std::string> read_text(const std::string& path) {
  const OpenFile file(path);
  if (file.get() < 0) return absl::UnavailableError("the file of keys cannot be opened");
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return absl::UnavailableError("the file of keys is not an ordinary file");
  }
  std::string text(kKeyTextBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::UnavailableError("the file of keys cannot be read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  text.shrink_to_fit();
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyFile>> KeyFile::open(KeyFileOptions options, MonoTime now) {
  std::unique_ptr<KeyFile> file(new KeyFile(std::move(options)));
  file->looked_ = now;
  auto read = file->read();
  if (!read.ok()) return read.status();
  return file;
}

absl::StatusOr<bool> KeyFile::look(MonoTime now) {
  if (now - looked_ < options_.look_interval) return false;
  looked_ = now;
  return read();
}

absl::StatusOr<bool> KeyFile::read() {
  auto text = read_text(options_.path);
  if (!text.ok()) return text.status();
  // Contents are compared, for a file can change twice within one tick of its time.
  if (keys_ != nullptr && *text == text_) return false;
  auto keys = std::make_shared<KeySet>();
  const auto status = text->find("-----BEGIN") != std::string::npos
                          ? keys->add_pem(*text)
                          : keys->add_jwks(*text, options_.jwks);
  if (!status.ok()) return status;
  keys_ = std::move(keys);
  text_ = *std::move(text);
  return true;
}

}  // namespace madang
