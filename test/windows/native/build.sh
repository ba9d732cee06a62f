#!/usr/bin/env bash
# Builds the simulators: build.sh so|asan|dll <directory>
# One directory for each machine ("a" and "b", "windows7" with what that version has), beside what they share.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kind=$1
out=$2
mkdir -p "$out/a" "$out/b" "$out/windows7"
cd "$here"

warnings="-std=gnu11 -Wall -Wextra -Werror"
shared="common/port.c common/handles.c common/faults.c"
p2p="p2p/*.c $shared common/text.c common/meeting.c"
peerdist="peerdist/*.c $shared"

case $kind in
so | asan)
  flags="$warnings -O1 -g -fPIC -shared -fvisibility=hidden"
  [ "$kind" = so ] || flags="$flags -fsanitize=address -fno-omit-frame-pointer"
  gcc $flags -o "$out/libkernel32.so" common/port.c common/kernel32_sim.c common/cryptoapi_sim.c -lpthread
  gcc $flags -o "$out/libsimworld.so" common/world.c
  system="-L$out -lkernel32 -lsimworld -Wl,-rpath,\$ORIGIN/.."
  gcc $flags -o "$out/a/p2p.so" $p2p $system
  gcc $flags -o "$out/a/peerdist.so" $peerdist $system
  gcc $flags -DSIM_WINDOWS_7 -o "$out/windows7/peerdist.so" $peerdist $system
  ;;
dll)
  flags="$warnings -O2 -s -shared -static-libgcc -D_WIN32_WINNT=0x0A00 -DWIN32_LEAN_AND_MEAN -Wno-missing-braces"
  cc=x86_64-w64-mingw32-gcc
  # Most of it would be reading windows.h, again for each of forty files.
  $cc $flags -x c-header common/port.h -o "$out/port.h.gch"
  flags="$flags -include $out/port.h"
  $cc $flags -o "$out/simworld.dll" common/world.c
  # Two processes share the rest of the work.
  $cc $flags -o "$out/a/p2p.dll" $p2p "$out/simworld.dll" -ladvapi32 -lcrypt32 &
  $cc $flags -o "$out/a/peerdist.dll" $peerdist "$out/simworld.dll"
  $cc $flags -DSIM_WINDOWS_7 -o "$out/windows7/peerdist.dll" $peerdist "$out/simworld.dll"
  $cc $flags -o "$out/bcryptprimitives.dll" tools/bcryptprimitives.c -ladvapi32
  $cc -std=gnu11 -D_WIN32_WINNT=0x0A00 -o "$out/layout_probe.exe" tools/layout_probe.c
  $cc -std=gnu11 -D_WIN32_WINNT=0x0A00 -DOWN_ABI -o "$out/layout_probe_own.exe" tools/layout_probe.c
  wait $!
  ;;
*)
  echo "build.sh so|asan|dll <directory>" >&2
  exit 2
  ;;
esac
cp "$out"/a/* "$out/b/"
cp "$out"/a/p2p.* "$out/windows7/"
