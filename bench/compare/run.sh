#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/support/setup.sh

usage() {
  cat <<'END'
Usage: bench/compare/run.sh [--no-install] [OPTIONS OF run.py]

Installs what is missing (Debian packages, npm packages), builds the release preset's benchmarks,
measures madang beside its peers in one run of about 20 minutes, and writes
build/compare/report.html. Peers that are not there are left out.

  --no-install   install nothing
  --quick        a smoke test of two minutes
  --only NAME    scenarios whose names match this regular expression; --list names them
  --rounds N     so many rounds at most
  --peers A,B    these beside madang, as in bun,ws

Others are told by bench/compare/run.py --help.
END
}

# Servers beside madang. A machine that lacks one measures without it.
peer_packages=(nginx-light libnginx-mod-nchan redis-server redis-tools nats-server util-linux)

# install_peer PACKAGE, in a subshell. Debian starts the servers that it installs, unless a policy
# says no; nobody asked for them to run.
install_peer() {
  local policy=/usr/sbin/policy-rc.d
  if ((EUID == 0)) && [[ ! -e $policy ]]; then
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  install_packages "$1"
}

install=1 arguments=()
for argument in "$@"; do
  case $argument in
    --no-install) install= ;;
    --help) usage; exit ;;
    *) arguments+=("$argument") ;;
  esac
done

if [[ $install ]]; then
  install_packages "${build_packages[@]}"
  have_node || (install_packages "${node_packages[@]}") || say "without node: no Bun, ws, socket.io"
  for package in "${peer_packages[@]}"; do
    (install_peer "$package") || say "without $package"
  done
  if have_node; then
    (npm_install bench/compare/peers) || say "without the npm packages: no Bun, ws, socket.io"
  fi
fi

configure release
build release bench_server bench_load bench_micro bench_pubsub
exec python3 -B bench/compare/run.py ${arguments[@]+"${arguments[@]}"}
