// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/key_file.h"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "auth/fixture.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::jwks;
using testing::kAnn;
using testing::kNow;
using testing::make_verifier;
using testing::Signer;
using enum TokenAlgorithm;

// A folder that goes with its test.
class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "madang_keys_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string file() const { return path_ / "keys"; }
  void write(const std::string& text) const {
    const auto next = path_ / "next";
    std::ofstream(next, std::ios::binary) << text;
    std::filesystem::rename(next, file());
  }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<KeyFile> opened(const Folder& folder) {
  auto file = KeyFile::open({.path = folder.file(), .look_interval = 0s}, MonoTime());
  REQUIRE(file.ok());
  return *std::move(file);
}

}  // namespace

TEST_CASE("key file: new keys are seen at the next look, and old ones are gone") {
  const Folder folder;
  const auto old_signer = Signer::ec("P-256");
  const auto new_signer = Signer::ec("P-256");
  folder.write(jwks({old_signer.jwk("k1")}));
  const auto file = opened(folder);
  const auto verifier = make_verifier(file->keys());
  const auto old_token = old_signer.token(kEs256, kAnn, "k1");
  CHECK(verifier->verify_connection(old_token, kNow).good());

  folder.write(jwks({new_signer.jwk("k2")}));
  const auto changed = file->look(MonoTime());
  REQUIRE(changed.ok());
  CHECK(*changed);
  verifier->use_keys(file->keys());
  CHECK_FALSE(verifier->verify_connection(old_token, kNow).good());
  CHECK(verifier->verify_connection(new_signer.token(kEs256, kAnn, "k2"), kNow).good());
}

TEST_CASE("key file: one that is bad is an error at each look, and the old keys stay") {
  const Folder folder;
  const auto good = jwks({Signer::ec("P-256").jwk("k1")});
  folder.write(good);
  const auto file = opened(folder);
  const auto keys = file->keys();
  for (const auto& bad : {std::string(), good.substr(0, good.size() / 2), std::string("{}"),
                          std::string(kKeyTextBytesMax + 1, ' ')}) {
    folder.write(bad);
    CHECK_FALSE(file->look(MonoTime()).ok());
    CHECK_FALSE(file->look(MonoTime()).ok());
    CHECK(file->keys() == keys);
  }
  folder.write(good);
  const auto same = file->look(MonoTime());
  REQUIRE(same.ok());
  CHECK_FALSE(*same);
  CHECK(file->keys() == keys);
}

TEST_CASE("key file: one that went away is an error, and the old keys stay") {
  const Folder folder;
  folder.write(Signer::ed25519().pem());
  const auto file = opened(folder);
  std::filesystem::remove(folder.file());
  CHECK(absl::IsUnavailable(file->look(MonoTime()).status()));
  CHECK(file->keys()->size() == 1);
}

TEST_CASE("key file: no more looks than the interval allows") {
  const Folder folder;
  folder.write(Signer::ed25519().pem());
  auto file = KeyFile::open({.path = folder.file(), .look_interval = 5s}, MonoTime(10s));
  REQUIRE(file.ok());
  folder.write(Signer::ed25519().pem());
  CHECK_FALSE(*(*file)->look(MonoTime(14s)));
  CHECK(*(*file)->look(MonoTime(15s)));
  CHECK_FALSE(*(*file)->look(MonoTime(30s)));
}

TEST_CASE("key file: a folder, a pipe and a name of nothing are refused at once") {
  const Folder folder;
  CHECK(absl::IsUnavailable(KeyFile::open({.path = folder.file()}, MonoTime()).status()));
  REQUIRE(::mkfifo(folder.file().c_str(), 0600) == 0);
  CHECK(absl::IsUnavailable(KeyFile::open({.path = folder.file()}, MonoTime()).status()));
  std::filesystem::remove(folder.file());
  std::filesystem::create_directory(folder.file());
  CHECK(absl::IsUnavailable(KeyFile::open({.path = folder.file()}, MonoTime()).status()));
}

TEST_CASE("key file: a secret in it is taken only if the host says so") {
  const Folder folder;
  folder.write(jwks({testing::secret_signer().jwk("s", R"(,"alg":"HS256")")}));
  CHECK_FALSE(KeyFile::open({.path = folder.file()}, MonoTime()).ok());
  CHECK(KeyFile::open({.path = folder.file(), .jwks = {.allow_secrets = true}}, MonoTime()).ok());
}

}  // namespace madang
