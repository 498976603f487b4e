// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/archive_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "storage/archive/disk.h"
#include "storage/archive/file_text.h"
#include "storage/archive/zstd_file.h"
#include "storage/descriptor.h"

namespace madang::archive {
namespace {

namespace fs = std::filesystem;

constexpr int kDepthMax = 3;  // the folders of a name of 255 bytes

absl::Status foreign(const std::string& path) {
  return absl::DataLossError(path + ": an archive has no such file");
}

absl::Status unreachable(const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(path + ": " + error.message());
}

absl::Status about(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), path + ": " + std::string(status.message()));
}

bool by_first(const FileName& a, const FileName& b) {
  return std::tie(a.first, a.last) < std::tie(b.first, b.last);
}

// Whether `messages` are what a file of this name and header holds.
bool is_whole(const Messages& messages, const Header& header, const std::string& room,
              const FileName& name) {
  if (header.room != room || header.month != name.month || header.first != name.first ||
      header.last != name.last || header.messages != messages.size() || messages.empty()) {
    return false;
  }
  std::uint64_t before = 0;
  for (const auto& message : messages) {
    if (message.offset <= before || month_of(message.time) != name.month) return false;
    before = message.offset;
  }
  return messages.front().offset == name.first && messages.back().offset == name.last;
}

// The runs of files that overlap, as [begin, end) in `files`.
std::vector<std::pair<std::size_t, std::size_t>> runs_of(const std::vector<FileName>& files) {
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == 0 || files[i].first > last) runs.emplace_back(i, i);
    runs.back().second = i + 1;
    last = std::max(last, files[i].last);
  }
  return runs;
}

}  // namespace

absl::Status ArchiveFolder::scan() {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) return unreachable(path_, error);
  {
    const std::lock_guard lock(mutex_);
    files_.clear();
  }
  return scan_folder(path_, "", 0);
}

absl::Status ArchiveFolder::scan_folder(const std::string& path, const std::string& room,
                                        int depth) {
  std::error_code error;
  Files files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const std::string entry = it->path().string();
    // What a file system or a mount keeps for itself in its root.
    if (depth == 0 && (name.starts_with('.') || name == "lost+found")) continue;
    if (it->is_directory(error)) {
      const auto parsed = FolderName::parse(name);
      const bool goes_on = depth == 0 || path.ends_with('+');
      if (!parsed || !goes_on || depth == kDepthMax) return foreign(entry);
      if (auto status = scan_folder(entry, room + parsed->bytes, depth + 1); !status.ok()) {
        return status;
      }
    } else if (name.ends_with(kUnfinished)) {
      fs::remove(it->path(), error);
    } else if (auto parsed = FileName::parse(name); parsed && depth > 0 && !path.ends_with('+')) {
      files.push_back(*std::move(parsed));
    } else {
      return foreign(entry);
    }
    if (error) break;
  }
  if (error) return unreachable(path, error);
  std::sort(files.begin(), files.end(), by_first);
  if (!files.empty()) set_files(room, std::move(files));
  return absl::OkStatus();
}

void ArchiveFolder::set_files(const std::string& room, Files files) {
  const std::lock_guard lock(mutex_);
  if (files.empty()) {
    files_.erase(room);
  } else {
    files_[room] = std::move(files);
  }
}

bool ArchiveFolder::holds(const std::string& room) const {
  const std::lock_guard lock(mutex_);
  return files_.contains(room);
}

std::vector<std::string> ArchiveFolder::rooms() const {
  std::vector<std::string> rooms;
  for (const auto& [room, files] : files_)
    rooms.push_back(room);
  return rooms;
}

const std::vector<FileName>& ArchiveFolder::files(const std::string& room) const {
  static const Files kNone;
  const auto found = files_.find(room);
  return found == files_.end() ? kNone : found->second;
}

std::uint64_t ArchiveFolder::last(const std::string& room) const {
  std::uint64_t last = 0;
  for (const auto& file : files(room))
    last = std::max(last, file.last);
  return last;
}

absl::StatusOr<std::shared_ptr<const Messages>> ArchiveFolder::read(const std::string& room,
                                                                    const FileName& name) {
  const std::string path = folder_path(room) + "/" + name.text();
  if (path == read_path_) return read_;
  auto bytes = read_whole(path, kTextBytesMax);
  if (!bytes.ok()) return bytes.status();
  auto text = decompressed(*bytes);
  if (!text.ok()) return about(path, text.status());
  Header header;
  auto messages = parse_text(*text, header);
  if (!messages.ok()) return about(path, messages.status());
  if (!is_whole(*messages, header, room, name)) {
    return absl::DataLossError(path + ": it does not hold what its name and first line say");
  }
  read_ = std::make_shared<const Messages>(*std::move(messages));
  read_path_ = path;
  return read_;
}

absl::StatusOr<Messages> ArchiveFolder::read_together(const std::string& room, const Files& files) {
  Messages all;
  for (const auto& file : files) {
    const auto messages = read(room, file);
    if (!messages.ok()) return messages.status();
    all.insert(all.end(), (*messages)->begin(), (*messages)->end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].offset != all[i - 1].offset || same_message(all[i], all[i - 1])) continue;
    return absl::DataLossError(folder_path(room) + ": two files differ in one message");
  }
  const auto same = [](const auto& a, const auto& b) { return a.offset == b.offset; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

absl::Status ArchiveFolder::walk(const std::string& room, std::uint64_t cursor, Direction direction,
                                 WallTime since,
                                 const std::function<bool(const StoredMessage&)>& visit) {
  const bool up = direction == Direction::kUp;
  const Files files = this->files(room);
  auto runs = runs_of(files);
  if (!up) std::reverse(runs.begin(), runs.end());
  for (const auto& [begin, end] : runs) {
    const Files run(files.begin() + static_cast<std::ptrdiff_t>(begin),
                    files.begin() + static_cast<std::ptrdiff_t>(end));
    const bool wanted = std::any_of(run.begin(), run.end(), [&](const FileName& file) {
      return (up ? file.last > cursor : file.first < cursor) && end_of(file.month) > since;
    });
    if (!wanted) continue;
    auto messages = read_together(room, run);
    if (!messages.ok()) return messages.status();
    if (!up) std::reverse(messages->begin(), messages->end());
    for (const auto& message : *messages) {
      const bool beyond = up ? message.offset > cursor : message.offset < cursor;
      if (beyond && !visit(message)) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status ArchiveFolder::write(const Messages& messages) {
  const std::string& room = messages.front().room;
  const FileName name{.month = month_of(messages.front().time),
                      .first = messages.front().offset,
                      .last = messages.back().offset};
  std::string text;
  append_line(text, Header{.room = room,
                           .month = name.month,
                           .first = name.first,
                           .last = name.last,
                           .messages = messages.size()});
  for (const auto& message : messages)
    append_line(text, message);
  auto bytes = compressed(text);
  if (!bytes.ok()) return bytes.status();

  const std::string folder = folder_path(room);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return unreachable(folder, error);
  if (auto status = write_whole(folder, name.text(), *bytes); !status.ok()) return status;
  // New folders last too: those of one room end where that of the archive begins.
  for (fs::path above = fs::path(folder).parent_path(); above.string().size() >= path_.size();
       above = above.parent_path()) {
    if (auto status = sync_folder(above.string()); !status.ok()) return status;
    if (above.string().size() == path_.size()) break;
  }
  read_path_.clear();
  Files files = this->files(room);
  std::erase_if(files, [&](const FileName& file) { return file.text() == name.text(); });
  files.insert(std::upper_bound(files.begin(), files.end(), name, by_first), name);
  set_files(room, std::move(files));
  return absl::OkStatus();
}

absl::Status ArchiveFolder::remove(const std::string& room, std::uint64_t offset) {
  const Files before = files(room);
  for (const auto& file : before) {
    if (file.first > offset) break;
    if (file.last > offset) {
      auto messages = read(room, file);
      if (!messages.ok()) return messages.status();
      Messages kept = **messages;
      std::erase_if(kept, [&](const StoredMessage& message) { return message.offset <= offset; });
      if (auto status = write(kept); !status.ok()) return status;
    }
    std::error_code error;
    const std::string path = folder_path(room) + "/" + file.text();
    fs::remove(path, error);
    if (error) return unreachable(path, error);
    if (auto status = sync_folder(folder_path(room)); !status.ok()) return status;
    read_path_.clear();
    Files left = files(room);
    std::erase_if(left, [&](const FileName& other) { return other.text() == file.text(); });
    set_files(room, std::move(left));
  }
  return absl::OkStatus();
}

}  // namespace madang::archive
