import { Presets, SingleBar } from 'cli-progress';
import { formatBytes } from './output.js';

/** Progress of one long piece of work, on stderr and only if that is a terminal. */
export interface Progress extends Disposable {
  at(bytes: number, total: number | undefined, note?: string): void;
}

const SILENT: Progress = { at: () => undefined, [Symbol.dispose]: () => undefined };

export const createProgress = (label: string, enabled = process.stderr.isTTY): Progress => {
  if (!enabled) return SILENT;
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: `${label} {bar} {percentage}% | {done} of {size} | {note}`,
      hideCursor: true,
      clearOnComplete: false,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    at: (bytes, total, note = '') => {
      const payload = {
        done: formatBytes(bytes),
        size: total === undefined ? 'unknown' : formatBytes(total),
        note,
      };
      if (!started) bar.start(total ?? Math.max(bytes, 1), bytes, payload);
      else bar.update(bytes, payload);
      started = true;
    },
    [Symbol.dispose]: () => {
      if (started) bar.stop();
    },
  };
};
