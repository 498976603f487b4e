#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How many publishes a second the HTTP API takes on one core, from wrk (Debian package) on another.
#
#   bench/api/run.sh [SERVER [SECONDS]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

server=${1:-build/release/examples/server/madang-server}
seconds=${2:-10}
key=0123456789abcdef
for program in wrk curl; do
  command -v "$program" >/dev/null || { echo "$program is missing" >&2; exit 1; }
done

folder=$(mktemp -d)
echo '{"lanes":1,"guests":true,"rooms":{"":{"history":{"messages":100}}}}' >"$folder/config.json"
taskset -c 0 "$server" --config "$folder/config.json" --port 0 --api-port 0 --api-key "$key" \
  >"$folder/log" &
child=$!
trap 'kill "$child"; wait "$child" || true; rm -rf "$folder"' EXIT
for _ in {1..100}; do
  if grep -q /api/ "$folder/log"; then break; fi
  sleep 0.1
done
url=$(sed -nE 's#.*(http://[^ ]*)/api/.*#\1#p' "$folder/log")

ticks() { awk '{print $14 + $15}' "/proc/$child/stat"; }
before=$(ticks)
taskset -c 1 wrk --threads 1 --connections 64 --duration "$seconds" --latency \
  --script bench/api/publish.lua "$url" | tee "$folder/wrk"
after=$(ticks)

stored=0
for room in {1..100}; do
  answer=$(curl -sf -H "X-API-Key: $key" -d "{\"channel\":\"room-$room\"}" "$url/api/history")
  stored=$((stored + $(sed -nE 's/.*"offset":([0-9]+).*/\1/p' <<<"$answer")))
done
asked=$(sed -nE 's/^ *([0-9]+) requests in.*/\1/p' "$folder/wrk")
cpu_ms=$(((after - before) * 1000 / $(getconf CLK_TCK)))
echo "the rooms have $stored messages; the server used $cpu_ms ms of its core," \
  "$((cpu_ms * 1000000 / stored)) ns a publish"
# Of those that wrk no longer waited for some are published too.
if ((stored < asked || stored > asked + 64)); then
  echo "these are not the $asked that were asked for" >&2
  exit 1
fi
