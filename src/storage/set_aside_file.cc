// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/set_aside_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "storage/descriptor.h"
#include "storage/set_aside_line.h"
#include "storage/worker.h"

namespace madang {
namespace {

// Code and text, in memory that is not shared with a status of another thread, as a plain copy is:
// where a thread sanitizer looks on, it does not know abseil's way of counting who has it.
absl::Status own_copy(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

// The file as the one thread that writes it sees it.
class Appender {
 public:
  Appender(std::string path, std::size_t bytes_max)
      : path_(std::move(path)), bytes_max_(bytes_max) {}

  // Adds a line that is not there for good before sync(). After an error nothing of it is, as far
  // as the disk lets that be.
  absl::Status add(const std::string& line);

  // After an error all lines since the last sync are gone, as far as the disk lets that be: whether
  // they are on it cannot be known, and another sync would not tell.
  absl::Status sync();

 private:
  // Unless it is open already, still the one that has the name, and as it was left.
  absl::Status open();
  absl::Status open_anew();
  absl::Status end_torn_line();
  void cut_to(std::uint64_t size);

  const std::string path_;
  const std::size_t bytes_max_;
  Descriptor file_ = {};
  struct stat about_ = {};
  std::uint64_t size_ = 0;
  std::uint64_t synced_ = 0;
  bool folder_synced_ = false;
};

absl::Status Appender::add(const std::string& line) {
  if (auto status = open(); !status.ok()) return status;
  if (size_ + line.size() > bytes_max_) {
    return absl::ResourceExhaustedError(path_ + ": it is as large as it may become");
  }
  if (!write_all(file_.get(), line)) {
    const absl::Status status = file_failure(path_);
    cut_to(size_);
    return status;
  }
  size_ += line.size();
  return absl::OkStatus();
}

absl::Status Appender::sync() {
  absl::Status status = absl::OkStatus();
  if (::fsync(file_.get()) != 0) status = file_failure(path_);
  if (status.ok() && !folder_synced_) {
    // So that the name of a new file lasts too.
    const auto folder = std::filesystem::path(path_).parent_path().string();
    status = sync_folder(folder.empty() ? "." : folder);
  }
  if (!status.ok()) {
    cut_to(synced_);
    file_ = Descriptor();
    return status;
  }
  folder_synced_ = true;
  synced_ = size_;
  return absl::OkStatus();
}

absl::Status Appender::open() {
  // One that is moved away now still gets the rest of what is to be synced together.
  if (file_.ok() && size_ != synced_) return absl::OkStatus();
  struct stat named = {};
  if (file_.ok() && ::stat(path_.c_str(), &named) == 0 && named.st_ino == about_.st_ino &&
      named.st_dev == about_.st_dev && static_cast<std::uint64_t>(named.st_size) == size_) {
    return absl::OkStatus();
  }
  const absl::Status status = open_anew();
  if (!status.ok()) file_ = Descriptor();
  return status;
}

absl::Status Appender::open_anew() {
  // Without waiting for a reader, should it be a pipe.
  file_ = Descriptor(path_, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY);
  if (!file_.ok() || ::fstat(file_.get(), &about_) != 0) return file_failure(path_);
  if (!S_ISREG(about_.st_mode)) {
    return absl::FailedPreconditionError(path_ + ": it is no ordinary file");
  }
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(path_ + ": somebody else writes it");
  }
  // Only now it is known that nobody else does.
  if (::fstat(file_.get(), &about_) != 0) return file_failure(path_);
  size_ = static_cast<std::uint64_t>(about_.st_size);
  folder_synced_ = false;
  if (auto status = end_torn_line(); !status.ok()) return status;
  synced_ = size_;
  return absl::OkStatus();
}

absl::Status Appender::end_torn_line() {
  char last = '\n';
  if (size_ > 0 && ::pread(file_.get(), &last, 1, static_cast<off_t>(size_ - 1)) != 1) {
    return file_failure(path_);
  }
  if (last == '\n') return absl::OkStatus();
  if (!write_all(file_.get(), "\n")) return file_failure(path_);
  ++size_;
  return absl::OkStatus();
}

void Appender::cut_to(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) == 0) {
    size_ = size;
  } else {
    file_ = Descriptor();  // opened again it is looked at again
  }
}

}  // namespace

class SetAsideFile::State {
 public:
  explicit State(SetAsideOptions options)
      : options_(std::move(options)), file_(options_.path, options_.file_bytes_max), worker_(2) {}

  void add(const StoredMessage& message, const absl::Status& why) {
    const std::size_t bytes = message.bytes() + why.message().size();
    const std::lock_guard lock(mutex_);
    if (waiting_messages_ >= options_.waiting_messages_max ||
        bytes > options_.waiting_bytes_max - waiting_bytes_) {
      return drop(1, absl::ResourceExhaustedError("too much waits for the disk"));
    }
    queue_.push_back({message, own_copy(why)});
    ++accepted_;
    ++waiting_messages_;
    waiting_bytes_ += bytes;
    // There is a place for one that waits and one that runs.
    if (!std::exchange(posted_, true)) posted_ = worker_.post([this] { write(); });
  }

  void flush() {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [this, accepted = accepted_] { return settled_ >= accepted; });
  }

  std::uint64_t written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  absl::Status last_failure() const {
    const std::lock_guard lock(mutex_);
    return own_copy(last_failure_);
  }

 private:
  // With mutex_ held.
  void drop(std::uint64_t count, absl::Status why) {
    dropped_ += count;
    last_failure_ = std::move(why);
  }

  void write() {
    std::vector<SetAsideMessage> batch;
    {
      const std::lock_guard lock(mutex_);
      posted_ = false;
      batch.swap(queue_);
    }
    std::uint64_t added = 0;
    for (auto& [message, why] : batch) {
      const std::size_t bytes = message.bytes() + why.message().size();
      const std::string line = set_aside_line(message, why);
      const absl::Status status =
          line.size() <= kSetAsideLineBytesMax
              ? file_.add(line)
              : absl::ResourceExhaustedError("a message is larger than is set aside");
      if (status.ok()) ++added;
      message = {};
      const std::lock_guard lock(mutex_);
      --waiting_messages_;
      waiting_bytes_ -= bytes;
      if (!status.ok()) drop(1, status);
    }
    const absl::Status synced = added == 0 ? absl::OkStatus() : file_.sync();
    {
      const std::lock_guard lock(mutex_);
      if (synced.ok()) {
        written_ += added;
      } else {
        drop(added, synced);
      }
      settled_ += batch.size();
    }
    news_.notify_all();
  }

  const SetAsideOptions options_;

  mutable std::mutex mutex_;  // guards what follows, up to the file
  std::condition_variable news_;
  std::vector<SetAsideMessage> queue_ = {};
  std::size_t waiting_messages_ = 0;  // in the queue and in the batch that is written
  std::size_t waiting_bytes_ = 0;
  bool posted_ = false;
  std::uint64_t accepted_ = 0;  // ever into the queue
  std::uint64_t settled_ = 0;   // of them
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;
  absl::Status last_failure_;

  Appender file_;  // the worker's
  Worker worker_;  // last: its thread uses the others
};

SetAsideFile::SetAsideFile(SetAsideOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

SetAsideFile::~SetAsideFile() = default;

void SetAsideFile::add(const StoredMessage& message, const absl::Status& why) {
  state_->add(message, why);
}

void SetAsideFile::flush() { state_->flush(); }

std::uint64_t SetAsideFile::written() const { return state_->written(); }
std::uint64_t SetAsideFile::dropped() const { return state_->dropped(); }
absl::Status SetAsideFile::last_failure() const { return state_->last_failure(); }

}  // namespace madang
