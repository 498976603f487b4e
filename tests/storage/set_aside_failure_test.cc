// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "storage/set_aside_fixture.h"

namespace {
std::atomic<bool> syncing_fails = false;
}
// In place of the C library's, for this program: a disk that fails when the test says so.
extern "C" int fsync(int fd) {
  if (!syncing_fails) return static_cast<int>(syscall(SYS_fsync, fd));
  errno = EIO;
  return -1;
}

namespace madang {
namespace {

namespace fs = std::filesystem;
using conformance::messages;
using conformance::same_messages;

// As long as it lives, files may not grow beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    handler_ = signal(SIGXFSZ, SIG_IGN);
    const rlimit tight = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_ = {};
  void (*handler_)(int) = SIG_DFL;
};

TEST_CASE("set aside: without a folder messages are dropped, until there is one") {
  const SetAsideFolder folder;
  const fs::path inner = folder.folder() / "inner";
  SetAsideFile file({.path = (inner / "refused.ndjson").string()});
  add_messages(file, 1, 3);
  file.flush();
  CHECK(file.dropped() == 3);
  CHECK(file.written() == 0);
  CHECK(file.last_failure().message().find("refused.ndjson") != std::string::npos);
  fs::create_directory(inner);
  add_messages(file, 4, 5);
  file.flush();
  CHECK(file.dropped() == 3);
  CHECK(file.written() == 2);
  const auto read = read_whole_set_aside((inner / "refused.ndjson").string());
  CHECK(same_messages(read.messages, messages("room", 4, 5)));
}

TEST_CASE("set aside: a folder, a pipe or a device in its place is never written, nor waited for") {
  const SetAsideFolder folder;
  fs::create_directory(folder.folder() / "a folder");
  REQUIRE(mkfifo((folder.folder() / "a pipe").c_str(), 0600) == 0);
  for (const fs::path& place : {folder.folder() / "a folder", folder.folder() / "a pipe",
                                fs::path("/dev/full"), fs::path("")}) {
    const std::string path = place.string();
    SetAsideFile file({.path = path});
    add_messages(file, 1, 1);
    file.flush();
    CHECK(file.dropped() == 1);
    CHECK_FALSE(file.last_failure().ok());
    CHECK_FALSE(read_set_aside(path, 0).ok());
  }
}

TEST_CASE("set aside: at its bound the file grows no more, and what is small may still fit") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path(), .file_bytes_max = 1000});
  add_messages(file, 1, 1);
  file.add(conformance::message("room", 2, std::string(1000, 'x')), too_long());
  add_messages(file, 3, 3);
  file.flush();
  CHECK(file.written() == 2);
  CHECK(file.dropped() == 1);
  CHECK(absl::IsResourceExhausted(file.last_failure()));
  add_messages(file, 4, 100);
  file.flush();
  CHECK(file.written() + file.dropped() == 100);
  CHECK(fs::file_size(folder.path()) <= 1000);
  const auto read = read_whole_set_aside(folder.path());
  CHECK(read.messages.size() == file.written());
  CHECK(read.damaged == 0);
}

TEST_CASE("set aside: a disk that is full in the middle of a line keeps the lines before") {
  const SetAsideFolder folder;
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{511}, std::size_t{700}}) {
    fs::remove(folder.path());
    SetAsideFile file({.path = folder.path()});
    {
      const FileSizeLimit full(limit);
      add_messages(file, 1, 20);
      file.flush();
    }
    const std::uint64_t written = file.written();
    CHECK(written + file.dropped() == 20);
    CHECK(written < 20);
    CHECK(absl::IsResourceExhausted(file.last_failure()));
    CHECK(
        same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 1, written)));
    add_messages(file, 21, 21);
    file.flush();
    CHECK(file.written() == written + 1);
    const auto read = read_whole_set_aside(folder.path());
    CHECK(read.damaged == 0);
    CHECK(read.messages.size() == written + 1);
    CHECK(read.messages.back().offset == 21);
  }
}

TEST_CASE("set aside: what could not be synced counts as dropped and is not in the file") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path()});
  add_messages(file, 1, 2);
  file.flush();
  syncing_fails = true;
  add_messages(file, 3, 4);
  file.flush();
  syncing_fails = false;
  CHECK(file.written() == 2);
  CHECK(file.dropped() == 2);
  CHECK(absl::IsUnavailable(file.last_failure()));
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 1, 2)));
  add_messages(file, 5, 5);
  file.flush();
  CHECK(file.written() == 3);
  CHECK(read_whole_set_aside(folder.path()).messages.size() == 3);
}

TEST_CASE("set aside: a file that is moved away, deleted or emptied is begun anew") {
  const SetAsideFolder folder;
  SetAsideFile file({.path = folder.path()});
  const std::string moved = folder.path() + ".1";
  add_messages(file, 1, 2);
  file.flush();
  fs::rename(folder.path(), moved);
  add_messages(file, 3, 4);
  file.flush();
  CHECK(same_messages(read_whole_set_aside(moved).messages, messages("room", 1, 2)));
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 3, 4)));
  fs::remove(folder.path());
  add_messages(file, 5, 6);
  file.flush();
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 5, 6)));
  // Emptied where it lies, as some programs that rotate logs do.
  fs::resize_file(folder.path(), 0);
  add_messages(file, 7, 8);
  file.flush();
  CHECK(same_messages(read_whole_set_aside(folder.path()).messages, messages("room", 7, 8)));
  CHECK(file.written() == 8);
}

TEST_CASE("set aside: of two that have one file the second waits its turn, message by message") {
  const SetAsideFolder folder;
  SetAsideFile second({.path = folder.path()});
  {
    SetAsideFile first({.path = folder.path()});
    add_messages(first, 1, 1);
    first.flush();
    add_messages(second, 2, 2);
    second.flush();
    CHECK(second.dropped() == 1);
    CHECK(absl::IsUnavailable(second.last_failure()));
  }
  add_messages(second, 3, 3);
  second.flush();
  CHECK(second.written() == 1);
  CHECK(read_whole_set_aside(folder.path()).messages.size() == 2);
}

}  // namespace
}  // namespace madang
