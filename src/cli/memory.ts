import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** V8 lets what was made lately take twice as much in the end, in any process that works for more than some seconds. */
const MOST_YOUNG_BYTES = 16 * 1024 * 1024;

/** What has grown old is looked through once there is so much more of it; V8 waits until there is twice as much or more. */
const OLD_GROWTH_PERCENT = 30;

/**
 * Has V8 use less memory, a fifth of what a long transfer takes: what that makes dies soon, so that it gets no faster by more
 * room. A program of one's own does nearly the same by `node --max-semi-space-size=8 --heap-growing-percent=30`; a
 * command that is started by its name cannot be given options of Node on all systems.
 */
export const useLittleMemory = (): void => {
  setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  // It doubles as it is collected: from more than half on, the next step would go too far.
  const collections = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if ((young?.space_size ?? 0) <= MOST_YOUNG_BYTES / 2) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    collections.disconnect();
  });
  collections.observe({ entryTypes: ['gc'] });
};
