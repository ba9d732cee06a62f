import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** V8 lets what was made lately take twice as much in the end, in any process that works for more than some seconds. */
const ENOUGH_BYTES = 16 * 1024 * 1024;

const LOOK_EVERY_MS = 100;

/**
 * Keeps V8's young generation from growing beyond 16 MiB, half of what it takes by default: what a transfer makes dies
 * soon, so that it gets no faster by more. A program does the same by `node --max-semi-space-size=8`, which a command
 * that is started by its name cannot be given on all systems.
 */
export const limitYoungGeneration = (): void => {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if ((young?.space_size ?? 0) < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_EVERY_MS);
  timer.unref();
};
