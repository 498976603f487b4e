#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How many publishes a second the HTTP API takes on one core, from wrk (Debian package) on another.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

server=${1:-build/release/examples/server/madang-server}
seconds=${2:-10}
command -v wrk >/dev/null || { echo 'wrk is missing: apt-get install wrk' >&2; exit 1; }

log=$(mktemp)
config=$(mktemp)
echo '{"lanes":1,"guests":true,"rooms":{"":{"history":{"messages":100}}}}' >"$config"
taskset -c 0 "$server" --config "$config" --port 0 --api-port 0 --api-key 0123456789abcdef \
  >"$log" &
child=$!
trap 'kill "$child"; wait "$child" || true; rm -f "$log" "$config"' EXIT
for _ in {1..100}; do
  if grep -q /api/ "$log"; then break; fi
  sleep 0.1
done
url=$(sed -nE 's#.*(http://[^ ]*)/api/.*#\1#p' "$log")
taskset -c 1 wrk --threads 1 --connections 64 --duration "$seconds" --latency \
  --script bench/api/publish.lua "$url"
