// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "madang/storage/set_aside_file.h"
#include "madang/testing/message_store/messages.h"

namespace madang {

// A folder of its own for each test, gone with it.
class SetAsideFolder {
 public:
  SetAsideFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "madang-set-aside-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  SetAsideFolder(const SetAsideFolder&) = delete;
  SetAsideFolder& operator=(const SetAsideFolder&) = delete;
  ~SetAsideFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return (path_ / "refused.ndjson").string(); }
  std::filesystem::path folder() const { return path_; }

  std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void set_bytes(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path path_;
};

inline absl::Status too_long() { return absl::InvalidArgumentError("the payload is too long"); }

// The messages first to last, each with the same reason.
inline void add_messages(SetAsideFile& file, std::uint64_t first, std::uint64_t last) {
  for (const auto& message : conformance::messages("room", first, last))
    file.add(message, too_long());
}

struct WholeSetAside {
  MessageBatch messages = {};
  std::vector<absl::Status> why = {};
  std::size_t damaged = 0;
};

// All pages of a file.
inline WholeSetAside read_whole_set_aside(const std::string& path, std::size_t messages_max = 7) {
  WholeSetAside whole;
  for (std::uint64_t from = 0;;) {
    auto page = read_set_aside(path, from, messages_max);
    REQUIRE(page.ok());
    CHECK(page->messages.size() <= messages_max);
    for (auto& read : page->messages) {
      whole.messages.push_back(std::move(read.message));
      whole.why.push_back(read.why);
    }
    whole.damaged += page->damaged;
    if (page->next == from) return whole;
    from = page->next;
  }
}

}  // namespace madang
