# SPDX-License-Identifier: Apache-2.0
# What tests/run.sh and examples/run.sh share: from a bare Debian 12 to a build. Sourced by bash, in
# the root of the tree. Each step does nothing, and needs no network, when it was done before.

# The one list of packages: for every build, for the chat page and all that Node runs, for the tests
# in a browser, for those of stores on a server.
build_packages=(g++ cmake ninja-build ccache mold libabsl-dev libfmt-dev libasio-dev libxxhash-dev
  libsimdjson-dev libprotobuf-dev protobuf-compiler zlib1g-dev libssl-dev liburing-dev
  libsqlite3-dev libpq-dev libzstd-dev libcli11-dev libhttp-parser-dev doctest-dev libbenchmark-dev
  python3)
node_packages=(nodejs npm ca-certificates)
browser_packages=(chromium)
# Servers that tests start for themselves; see install_database_servers.
database_packages=(postgresql)

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# install_packages NAME...: those that are missing, with apt.
install_packages() {
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian; install the counterparts of these, then add --no-install: $*"
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *' installed' ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local by_hand="apt-get update && apt-get install ${missing[*]}"
  local root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "these packages are missing; as root run: $by_hand"
    root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${root[@]}" apt-get -qq update &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt failed, see above; when it is mended run this again, or as root: $by_hand"
}

# install_database_servers: without the server that Debian would set up and start beside it.
install_database_servers() {
  local conf=/etc/postgresql-common/createcluster.conf
  if [[ $(dpkg-query -W -f '${Status}' postgresql 2>/dev/null) != *' installed' ]]; then
    install_packages postgresql-common
    if ! grep -qs '^create_main_cluster *= *false' "$conf"; then
      local root=()
      ((EUID == 0)) || root=(sudo)
      echo 'create_main_cluster = false' | "${root[@]}" tee -a "$conf" >/dev/null ||
        fail "cannot write $conf"
    fi
  fi
  install_packages "${database_packages[@]}"
}

# npm_install FOLDER: what its package-lock.json names, into its node_modules.
npm_install() {
  local lock=$1/package-lock.json done=$1/node_modules/.package-lock.json
  [[ -f $lock ]] || return 0
  [[ -f $done && ! $lock -nt $done ]] && return 0
  say "npm ci in $1"
  (cd "$1" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) ||
    fail "npm ci failed in $1, see above; it needs its registry, or a cache, the first time"
  touch "$done"
}

# have_node: whether some node and npm are there, from Debian or not.
have_node() { command -v node >/dev/null && command -v npm >/dev/null; }

configure() {
  say "configuring build/$1"
  cmake --preset "$1" --log-level=WARNING >/dev/null || fail "cmake did not configure"
}

# build PRESET [TARGET...]: all targets if none is named. It is configured.
build() {
  local preset=$1
  shift
  say "building $preset ${*:-}"
  cmake --build --preset "$preset" ${1:+--target "$@"} || fail "the build failed"
}
