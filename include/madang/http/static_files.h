// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "madang/http/request.h"
#include "madang/http/response.h"
#include "madang/http/router.h"

namespace madang::http {

struct StaticFilesOptions {
  // Files and folders together, and the bytes of all files.
  std::size_t entries_max = 1'000;
  std::size_t bytes_max = 64 * 1024 * 1024;

  // Sent with every file. "no-cache" has a browser ask each time and mostly answered with 304.
  std::string cache_control = "no-cache";
};

// Files that are read once and served from memory: no request touches the disk, and no path can
// lead out of the folder, because a path is nothing but a key. To serve changed files, make a new
// object and replace the old one.
//
//   auto files = std::make_shared<StaticFiles>();
//   std::string error;
//   if (!files->add_directory("www", "/", error)) return fail(error);
//   router.handle_prefix("GET", "/", serve_static(files));
//
// Add files before the first request; serve() may then be called from any thread.
class StaticFiles {
 public:
  explicit StaticFiles(StaticFilesOptions options = {});

  // Reads the regular files of `directory` and the folders below it; "a/b.js" is served as
  // `mount` + "/a/b.js". Left out are names that begin with a dot (".git", ".env") and symbolic
  // links. Returns false, has added nothing and says why in `error`, if something cannot be read
  // or a bound is met.
  bool add_directory(const std::filesystem::path& directory, std::string_view mount,
                     std::string& error);

  // Serves `bytes` under this path. The content type follows from the path's extension. A file
  // that is there already is replaced. Returns false and adds nothing if a bound is met.
  bool add(std::string_view path, std::string bytes);

  // Answers with the file at the request's path, where a path that ends in a slash means its
  // "index.html": 200, or 304 if If-None-Match names the file's ETag, or 404.
  Response serve(const Request& request) const;

 private:
  struct File {
    Body body;
    std::string etag;
  };
  using Files = std::map<std::string, File, std::less<>>;

  static File make_file(std::string bytes);

  StaticFilesOptions options_;
  Files files_;
  std::size_t bytes_ = 0;
};

// A handler that serves `files`.
Router::Handler serve_static(std::shared_ptr<const StaticFiles> files);

}  // namespace madang::http
