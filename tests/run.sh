#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/support/setup.sh

usage() {
  cat <<'END'
Usage: tests/run.sh [--preset NAME] [--only REGEX] [--cxx] [--no-install]

Installs what is missing (Debian packages, npm packages), builds, and runs all tests: C++, packaging
and style by ctest, then the stock JavaScript client and the chat page in a browser by Node.

  --preset NAME  dev (the default), asan-ubsan, tsan, release
  --only REGEX   only the ctest tests and Node test files whose names match
  --cxx          only what ctest runs
  --no-install   install nothing with apt
END
}

preset=dev only= cxx= install=1
while (($#)); do
  case $1 in
    --preset) preset=${2:?--preset needs a name}; shift ;;
    --only) only=${2:?--only needs a regular expression}; shift ;;
    --cxx) cxx=1 ;;
    --no-install) install= ;;
    --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

node_folders=(tests/sdk tests/browser)
node_files=()
for folder in "${node_folders[@]}"; do
  for file in "$folder"/*.test.mjs; do
    if [[ ! $cxx && -f $file && $file =~ $only ]]; then node_files+=("$file"); fi
  done
done

if [[ $install ]]; then
  packages=("${build_packages[@]}")
  if ((${#node_files[@]})); then
    packages+=("${browser_packages[@]}")
    have_node || packages+=("${node_packages[@]}")
  fi
  install_packages "${packages[@]}"
  install_database_servers
fi
configure "$preset"
# Programs of tests bear their tests' names, so a run of some tests builds no more than those.
targets=()
if [[ $only && $cxx ]]; then
  all_targets=$(ninja -C "build/$preset" -t targets all)
  while read -r name; do
    if ! grep -q "^$name: phony" <<<"$all_targets"; then
      targets=()
      break
    fi
    targets+=("$name")
  done < <(ctest --test-dir "build/$preset" -N -R "$only" | sed -nE 's/^ *Test +#[0-9]+: //p')
fi
build "$preset" "${targets[@]}"

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# number REGEX: what its one group matches in the log.
number() { sed -nE "s/$1/\\1/p" "$log" | tail -n 1; }

# tally STATUS PASSED FAILED: a run with a bad status has a failure, whatever it printed.
tally() {
  local bad=$3
  if (($1 != 0 && bad == 0)); then bad=1; fi
  passed=$((passed + $2))
  failed=$((failed + bad))
}

# A thousand clients need more files than many shells allow at first.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

say "C++, packaging and style: build/$preset"
status=0
ctest --test-dir "build/$preset" --output-on-failure --no-tests=ignore -j "$(nproc)" \
  ${only:+-R "$only"} 2>&1 | tee "$log" || status=$?
bad=$(number '.* ([0-9]+) tests failed out of [0-9]+')
all=$(number '.* tests failed out of ([0-9]+)')
tally "$status" $((${all:-0} - ${bad:-0})) "${bad:-0}"

if ((${#node_files[@]})); then
  for folder in examples/chat "${node_folders[@]}"; do npm_install "$folder"; done
  say "the JavaScript client and the browser: ${node_files[*]}"
  status=0
  MADANG_BUILD_DIR="$PWD/build/$preset" \
    node --test --test-reporter=spec "${node_files[@]}" 2>&1 | tee "$log" || status=$?
  good=$(number '^[^a-z]* pass ([0-9]+)$')
  bad=$(number '^[^a-z]* fail ([0-9]+)$')
  tally "$status" "${good:-0}" "${bad:-0}"
fi

((passed + failed)) || fail "no test matches '$only'"
echo "$passed passed, $failed failed"
((failed == 0))
