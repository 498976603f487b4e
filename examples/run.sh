#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/support/setup.sh

usage() {
  cat <<'END'
Usage: examples/run.sh [--port N] [--no-install]

Installs what is missing (Debian packages, npm packages), builds the chat and serves it on
http://localhost:8000 until Ctrl-C.

  --port N       another port
  --no-install   install nothing with apt
END
}

port=8000 install=1
while (($#)); do
  case $1 in
    --port) port=${2:?--port needs a number}; shift ;;
    --no-install) install= ;;
    --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[[ $port =~ ^[0-9]{1,5}$ ]] || fail "--port takes a number, not '$port'"

# The chat says so too, but only after the build.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  fail "port $port is taken by another program; try examples/run.sh --port $((port + 1))"
fi

if [[ $install ]]; then
  packages=("${build_packages[@]}")
  have_node || packages+=("${node_packages[@]}")
  install_packages "${packages[@]}"
fi
npm_install examples/chat
configure release
build release chat

say "starting; Ctrl-C ends it"
exec build/release/examples/chat/chat --port "$port" --page examples/chat/page \
  --sdk examples/chat/node_modules/centrifuge/dist/centrifuge.js
