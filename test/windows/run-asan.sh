#!/usr/bin/env bash
# Runs the tests of the Windows driver on the simulators under AddressSanitizer, which sees what neither Linux nor Wine
# minds: a byte written behind an OVERLAPPED, memory used after PeerFreeData. Arguments go to vitest.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Node's own allocations at exit are none of our business, so leaks are counted by the simulators instead.
export PEERWEAVE_SIMULATORS_ASAN=1 ASAN_OPTIONS=detect_leaks=0:halt_on_error=1:handle_segv=0
LD_PRELOAD=$(gcc -print-file-name=libasan.so) exec node node_modules/vitest/vitest.mjs run --maxWorkers=1 \
  --config vitest.native.config.ts "$@"
