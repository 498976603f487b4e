// SPDX-License-Identifier: Apache-2.0
#include "madang/http/static_files.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace madang::http::test {
namespace {

namespace fs = std::filesystem;

// A folder of its own that goes away with the object.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "madang-http-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Response get(const StaticFiles& files, std::string path, std::string if_none_match = "") {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  if (!if_none_match.empty()) request.headers.push_back({"if-none-match", if_none_match});
  return files.serve(request);
}

std::string header(const Response& response, std::string_view name) {
  for (const Header& candidate : response.headers) {
    if (candidate.name == name) return candidate.value;
  }
  return "";
}

}  // namespace

TEST_CASE("static files: a folder is served under its mount, index.html for a slash") {
  const Folder folder;
  folder.write("index.html", "<p>home</p>");
  folder.write("app.js", "run()");
  folder.write("img/a b.png", std::string(100'000, '\0'));
  folder.write("docs/index.html", "docs");
  StaticFiles files;
  std::string error;
  REQUIRE(files.add_directory(folder.path(), "/", error));
  CHECK(get(files, "/").body.view() == "<p>home</p>");
  CHECK(get(files, "/index.html").body.view() == "<p>home</p>");
  CHECK(get(files, "/app.js").body.view() == "run()");
  CHECK(get(files, "/img/a b.png").body.size() == 100'000);
  CHECK(get(files, "/docs/").body.view() == "docs");
  CHECK(get(files, "/docs").status == 404);
  CHECK(get(files, "/missing").status == 404);
  CHECK(get(files, "/App.js").status == 404);

  StaticFiles mounted;
  REQUIRE(mounted.add_directory(folder.path() / "", "/www", error));
  CHECK(get(mounted, "/www/app.js").status == 200);
  CHECK(get(mounted, "/www/").status == 200);
  CHECK(get(mounted, "/app.js").status == 404);
}

TEST_CASE("static files: hidden files, links and what lies outside are not served") {
  const Folder outside;
  outside.write("secret.txt", "secret");
  const Folder folder;
  folder.write("a.txt", "a");
  folder.write(".env", "secret");
  folder.write(".git/config", "secret");
  fs::create_symlink(outside.path() / "secret.txt", folder.path() / "file.txt");
  fs::create_directory_symlink(outside.path(), folder.path() / "linked");
  StaticFiles files;
  std::string error;
  REQUIRE(files.add_directory(folder.path(), "/", error));
  CHECK(get(files, "/a.txt").status == 200);
  const std::string name = outside.path().filename().string();
  for (const std::string& path :
       {std::string("/.env"), std::string("/.git/config"), std::string("/file.txt"),
        std::string("/linked/secret.txt"), "/../" + name + "/secret.txt",
        (outside.path() / "secret.txt").string(), std::string("//a.txt"), std::string()}) {
    CAPTURE(path);
    CHECK(get(files, path).status == 404);
  }
}

TEST_CASE("static files: no request touches the disk") {
  StaticFiles files;
  {
    const Folder folder;
    folder.write("a.txt", "a");
    std::string error;
    REQUIRE(files.add_directory(folder.path(), "/", error));
  }
  CHECK(get(files, "/a.txt").body.view() == "a");
}

TEST_CASE("static files: beyond a bound nothing of a folder is added") {
  const Folder folder;
  folder.write("a.txt", "12345");
  folder.write("b/c.txt", "12345");
  std::string error;

  StaticFiles few({.entries_max = 2});
  CHECK_FALSE(few.add_directory(folder.path(), "/", error));
  CHECK(error.find("entries_max") != std::string::npos);
  CHECK(get(few, "/a.txt").status == 404);
  CHECK(get(few, "/b/c.txt").status == 404);

  StaticFiles small({.bytes_max = 9});
  CHECK_FALSE(small.add_directory(folder.path(), "/", error));
  CHECK(error.find("bytes_max") != std::string::npos);
  CHECK(get(small, "/a.txt").status == 404);

  StaticFiles enough({.entries_max = 3, .bytes_max = 10});
  CHECK(enough.add_directory(folder.path(), "/", error));
  CHECK_FALSE(enough.add("/more", "x"));
}

TEST_CASE("static files: a folder that is not there is an error") {
  const Folder folder;
  StaticFiles files;
  std::string error;
  CHECK_FALSE(files.add_directory(folder.path() / "missing", "/", error));
  CHECK(error.find("missing") != std::string::npos);
}

TEST_CASE("static files: given bytes are served under their path and count for the bounds") {
  StaticFiles files({.entries_max = 2, .bytes_max = 10});
  CHECK(files.add("/sdk.js", "12345"));
  CHECK(get(files, "/sdk.js").body.view() == "12345");
  CHECK(header(get(files, "/sdk.js"), "Content-Type") == "text/javascript; charset=utf-8");
  CHECK_FALSE(files.add("/big", "123456"));
  CHECK(files.add("/sdk.js", "1234567890"));
  CHECK_FALSE(files.add("/sdk.js", "12345678901"));
  CHECK(get(files, "/sdk.js").body.view() == "1234567890");
  CHECK(files.add("/sdk.js", "1"));
  CHECK(files.add("/two", "2"));
  CHECK_FALSE(files.add("/three", "3"));
}

TEST_CASE("static files: the content type follows from the extension") {
  StaticFiles files;
  const std::pair<const char*, const char*> expected[] = {
      {"/a.html", "text/html; charset=utf-8"},
      {"/a.css", "text/css; charset=utf-8"},
      {"/a.mjs", "text/javascript; charset=utf-8"},
      {"/a.json", "application/json"},
      {"/a.js.map", "application/json"},
      {"/a.svg", "image/svg+xml"},
      {"/a.png", "image/png"},
      {"/a.ico", "image/x-icon"},
      {"/a.woff2", "font/woff2"},
      {"/a.txt", "text/plain; charset=utf-8"},
      {"/a.webp", "image/webp"},
      {"/a.exe", "application/octet-stream"},
      {"/html", "application/octet-stream"},
  };
  for (const auto& [path, type] : expected) {
    REQUIRE(files.add(path, "x"));
    CHECK(header(get(files, path), "Content-Type") == type);
    CHECK(header(get(files, path), "X-Content-Type-Options") == "nosniff");
    CHECK(header(get(files, path), "Cache-Control") == "no-cache");
  }
}

TEST_CASE("static files: a client that has the file is answered with 304") {
  StaticFiles files({.cache_control = "max-age=60"});
  files.add("/a.js", "one");
  files.add("/b.js", "two");
  const std::string etag = header(get(files, "/a.js"), "ETag");
  CHECK(etag.starts_with('"'));
  CHECK(etag.ends_with('"'));
  CHECK(etag != header(get(files, "/b.js"), "ETag"));

  for (const std::string& tags :
       {etag, "W/" + etag, "\"x\", " + etag, "\"a,b\" ,W/" + etag + ",", std::string("*")}) {
    CAPTURE(tags);
    const Response response = get(files, "/a.js", tags);
    CHECK(response.status == 304);
    CHECK(header(response, "ETag") == etag);
    CHECK(header(response, "Cache-Control") == "max-age=60");
    CHECK(serialize(response).body.empty());
  }
  CHECK(get(files, "/b.js", etag).status == 200);
  CHECK(get(files, "/a.js", etag.substr(1)).status == 200);
  CHECK(get(files, "/missing", "*").status == 404);
  files.add("/a.js", "changed");
  CHECK(get(files, "/a.js", etag).status == 200);
}

TEST_CASE("static files: they are served through a router, also to HEAD") {
  const auto files = std::make_shared<StaticFiles>();
  files->add("/index.html", "home");
  Router router;
  router.handle_prefix("GET", "/", serve_static(files));
  Request request;
  request.method = "HEAD";
  request.path = "/";
  Response answer;
  router.route(request, Responder([&answer](Response response) { answer = std::move(response); }));
  CHECK(answer.status == 200);
  CHECK(serialize(answer).head.find("Content-Length: 4\r\n") != std::string::npos);
  CHECK(serialize(answer).body.empty());
}

}  // namespace madang::http::test
