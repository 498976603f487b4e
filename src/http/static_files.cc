// SPDX-License-Identifier: Apache-2.0
#include "madang/http/static_files.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "http/ascii.h"

namespace madang::http {
namespace {

namespace fs = std::filesystem;

struct ContentType {
  std::string_view extension;
  std::string_view type;
};

constexpr ContentType kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
};

std::string_view content_type(std::string_view path) {
  for (const ContentType& known : kContentTypes) {
    if (path.ends_with(known.extension)) return known.type;
  }
  return "application/octet-stream";
}

// FNV-1a. It tells versions of a host's own files apart; nobody gains by a collision.
std::uint64_t content_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string make_etag(std::string_view bytes) {
  char text[32];
  char* end = std::to_chars(text, text + 16, content_hash(bytes), 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, std::end(text), bytes.size(), 16).ptr;
  return '"' + std::string(text, end) + '"';
}

// Our tags contain no comma, so cutting foreign ones in the wrong place makes no match.
bool names_etag(const Request& request, std::string_view etag) {
  for (const Header& header : request.headers) {
    if (!equals_ignoring_case(header.name, "If-None-Match")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view tag = next_member(rest);
      if (tag.starts_with("W/")) tag.remove_prefix(2);
      if (tag == etag || tag == "*") return true;
    }
  }
  return false;
}

// The bytes of a file of at most `bytes_max`, whatever its size is said to be.
std::optional<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes;
  char block[64 * 1024];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > bytes_max) return std::nullopt;
  }
  if (file.bad()) return std::nullopt;
  return bytes;
}

}  // namespace

StaticFiles::StaticFiles(StaticFilesOptions options) : options_(std::move(options)) {}

StaticFiles::File StaticFiles::make_file(std::string bytes) {
  std::string etag = make_etag(bytes);
  return {std::move(bytes), std::move(etag)};
}

bool StaticFiles::add(std::string_view path, std::string bytes) {
  const auto old = files_.find(path);
  const bool replaces = old != files_.end();
  const std::size_t bytes_kept = bytes_ - (replaces ? old->second.body.size() : 0);
  if (!replaces && files_.size() >= options_.entries_max) return false;
  if (bytes.size() > options_.bytes_max - bytes_kept) return false;
  bytes_ = bytes_kept + bytes.size();
  files_.insert_or_assign(std::string(path), make_file(std::move(bytes)));
  return true;
}

bool StaticFiles::add_directory(const fs::path& directory, std::string_view mount,
                                std::string& error) {
  if (mount.ends_with('/')) mount.remove_suffix(1);
  StaticFiles added = *this;
  std::size_t entries = files_.size();
  std::error_code code;
  fs::recursive_directory_iterator it(directory, code);
  for (; !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
    const fs::path& path = it->path();
    if (++entries > options_.entries_max) {
      error = "more files and folders than entries_max: " + directory.string();
      return false;
    }
    const fs::file_status status = it->symlink_status(code);
    if (code) break;
    if (path.filename().native().starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    if (!fs::is_regular_file(status)) continue;
    std::optional<std::string> bytes = read_file(path, options_.bytes_max);
    const std::string name = path.lexically_relative(directory).generic_string();
    if (!bytes || !added.add(std::string(mount) + '/' + name, *std::move(bytes))) {
      error = "cannot be read, or more than bytes_max: " + path.string();
      return false;
    }
  }
  if (code) {
    error = directory.string() + ": " + code.message();
    return false;
  }
  *this = std::move(added);
  return true;
}

Response StaticFiles::serve(const Request& request) const {
  std::string path = request.path;
  if (path.ends_with('/')) path += "index.html";
  const auto it = files_.find(path);
  if (it == files_.end()) return text_response(404, "not found");

  const File& file = it->second;
  Response response;
  response.headers = {{"ETag", file.etag},
                      {"Cache-Control", options_.cache_control},
                      {"X-Content-Type-Options", "nosniff"}};
  if (names_etag(request, file.etag)) {
    response.status = 304;
    return response;
  }
  response.headers.push_back({"Content-Type", std::string(content_type(path))});
  response.body = file.body;
  return response;
}

Router::Handler serve_static(std::shared_ptr<const StaticFiles> files) {
  return [files = std::move(files)](const Request& request, Responder responder) {
    responder.send(files->serve(request));
  };
}

}  // namespace madang::http
