// SPDX-License-Identifier: Apache-2.0

// Tokens: what a check costs a lane, for each kind of key, and for a token seen before.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>

#include "auth/signer.h"
#include "madang/auth/token_verifier.h"

namespace madang {
namespace {

using testing::Signer;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::size_t kCacheEntries = 16 * 1024;

const std::string kSecret(32, 's');
const std::string kClaims =
    R"({"sub":"user-12345678","exp":1700003600,"iat":1700000000,"jti":"0b7c1f6e2d",)"
    R"("info":{"name":"Ann Example","avatar":"a/1234.png"},"channels":["user:12345678","news"]})";

void check(benchmark::State& state, const KeySet& keys, const std::string& token,
           std::size_t cache_entries) {
  const auto verifier =
      TokenVerifier::make(std::make_shared<KeySet>(keys), {.cache_entries_max = cache_entries});
  if (!verifier.ok() || !(*verifier)->verify_connection(token, kNow).good()) {
    return state.SkipWithError("the token is not good");
  }
  for (auto _ : state) {
    auto result = (*verifier)->verify_connection(token, kNow);
    benchmark::DoNotOptimize(result.claims);
  }
}

void secret(benchmark::State& state, std::size_t cache_entries) {
  KeySet keys;
  if (!keys.add_secret(kSecret).ok()) return state.SkipWithError("the key is not taken");
  check(state, keys, Signer::secret(kSecret).token(TokenAlgorithm::kHs256, kClaims), cache_entries);
}

void public_key(benchmark::State& state, const Signer& signer, TokenAlgorithm algorithm) {
  KeySet keys;
  if (!keys.add_pem(signer.pem()).ok()) return state.SkipWithError("the key is not taken");
  check(state, keys, signer.token(algorithm, kClaims), 0);
}

void token_hs256(benchmark::State& state) { secret(state, 0); }
BENCHMARK(token_hs256);

void token_rs256(benchmark::State& state) {
  public_key(state, Signer::rsa(), TokenAlgorithm::kRs256);
}
BENCHMARK(token_rs256);

void token_es256(benchmark::State& state) {
  public_key(state, Signer::ec("P-256"), TokenAlgorithm::kEs256);
}
BENCHMARK(token_es256);

void token_eddsa(benchmark::State& state) {
  public_key(state, Signer::ed25519(), TokenAlgorithm::kEdDsa);
}
BENCHMARK(token_eddsa);

void token_seen_before(benchmark::State& state) { secret(state, kCacheEntries); }
BENCHMARK(token_seen_before);

}  // namespace
}  // namespace madang

BENCHMARK_MAIN();
