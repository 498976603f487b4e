// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "madang/storage/set_aside_file.h"
#include "storage/descriptor.h"
#include "storage/set_aside_line.h"

namespace madang {
namespace {

constexpr std::size_t kPageBytesMax = std::size_t{16} << 20;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

// The lines of a file from a byte on.
class Lines {
 public:
  Lines(int fd, std::uint64_t from) : fd_(fd), next_(from), read_to_(from) {}

  // Goes to the next line that has an end; false at the end of the file, or if it cannot be read.
  bool next() {
    std::uint64_t skipped = 0;
    for (std::size_t looked_at = begin_;;) {
      const auto end = held_.find('\n', looked_at);
      if (end != std::string::npos) {
        const std::size_t size = end + 1 - begin_;
        line_ = std::string_view(held_).substr(begin_, skipped > 0 ? 0 : size - 1);
        begin_ += size;
        next_ += skipped + size;
        return true;
      }
      held_.erase(0, std::exchange(begin_, 0));
      // What nobody wrote needs no memory.
      if (held_.size() > kSetAsideLineBytesMax) {
        skipped += held_.size();
        held_.clear();
      }
      looked_at = held_.size();
      if (!read_more()) return false;
    }
  }

  // Without its end; nothing of one that is too long.
  std::string_view line() const { return line_; }
  // Where the one after it begins.
  std::uint64_t next_begins() const { return next_; }
  bool failed() const { return failed_; }

 private:
  bool read_more() {
    const std::size_t before = held_.size();
    held_.resize(before + kChunkBytes);
    ssize_t got = 0;
    do {
      got = ::pread(fd_, held_.data() + before, kChunkBytes, static_cast<off_t>(read_to_));
    } while (got < 0 && errno == EINTR);
    failed_ = got < 0;
    const std::size_t size = got < 0 ? 0 : static_cast<std::size_t>(got);
    held_.resize(before + size);
    read_to_ += size;
    return size > 0;
  }

  const int fd_;
  std::uint64_t next_;
  std::uint64_t read_to_;
  std::string held_ = {};
  std::size_t begin_ = 0;  // of what is not past yet
  std::string_view line_ = {};
  bool failed_ = false;
};

}  // namespace

absl::StatusOr<SetAsidePage> read_set_aside(const std::string& path, std::uint64_t from,
                                            std::size_t messages_max) {
  if (messages_max == 0) return absl::InvalidArgumentError("a page of no messages");
  // Without waiting for a writer, should it be a pipe.
  const Descriptor file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat about = {};
  if (!file.ok() && errno == ENOENT) return absl::NotFoundError(path + ": there is no such file");
  if (!file.ok() || ::fstat(file.get(), &about) != 0) return file_failure(path);
  if (!S_ISREG(about.st_mode)) return absl::InvalidArgumentError(path + ": it is no ordinary file");

  SetAsidePage page;
  page.next = from;
  if (from >= static_cast<std::uint64_t>(about.st_size)) return page;
  Lines lines(file.get(), from);
  while (page.messages.size() < messages_max && page.next - from < kPageBytesMax && lines.next()) {
    auto parsed = parse_set_aside(lines.line());
    if (absl::IsFailedPrecondition(parsed.status())) {
      if (page.next != from) break;  // the next page says it
      return absl::FailedPreconditionError(path + ": " + std::string(parsed.status().message()));
    }
    if (parsed.ok()) {
      page.messages.push_back(*std::move(parsed));
    } else {
      ++page.damaged;
    }
    page.next = lines.next_begins();
  }
  if (lines.failed()) return file_failure(path);
  return page;
}

}  // namespace madang
