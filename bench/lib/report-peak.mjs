/** Preloaded into a command, which then tells at its end how much memory it had at most, in bytes, on descriptor 3. */
import { readFileSync, writeSync } from 'node:fs';

const peak = () => {
  try {
    const [, kib] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    if (kib !== undefined) return Number(kib) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
};

process.on('exit', () => writeSync(3, String(peak())));
