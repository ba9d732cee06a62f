import { afterAll, expect, it, vi } from 'vitest';
import { createWindowsDriver } from '../../src/native/index.js';
import { createVirtualClock } from '../../src/testing/index.js';
import { buildSimulators } from './simulators.js';
import { watch } from './watched-ffi.js';

vi.mock('../../src/native/ffi.js', async (actual) =>
  (await import('./watched-ffi.js')).watchedModule(await actual()),
);

const simulators = buildSimulators();
const [{ libraries, peerdist }] = simulators.machines;
watch.owns = (address) => peerdist.owns(address) !== 0;
afterAll(() => simulators.remove());

const ABORTED = { symbol: 'ERROR_OPERATION_ABORTED' };
const MUCH_LATER_US = 1_500_000;
/** What docs/LIMITS.md promises, before the shutdown and after it. */
const PATIENCE_MS = 10_000;

it('a service that does not answer is waited for so long, and keeps what it may still write and signal', async () => {
  const clock = createVirtualClock();
  const driver = createWindowsDriver({ libraries, clock, statusSignal: 'completion-port' });
  const { distribution } = driver;
  const session = await distribution.startup();
  const stream = await distribution.publishStream(session, { contentId: Uint8Array.of(1) });
  await distribution.addToStream(session, stream, new Uint8Array(1_000));
  const { memory } = watch.held;
  peerdist.setCompletionDelay(MUCH_LATER_US, MUCH_LATER_US);
  const { changed } = await distribution.registerStatusChange(session);
  const added = distribution.addToStream(session, stream, new Uint8Array(1_000));
  added.catch(() => undefined);
  await vi.waitUntil(() => peerdist.pending() === 2);

  const disposed = driver.dispose();
  await clock.advance(PATIENCE_MS);
  await disposed;
  await expect(added).rejects.toMatchObject(ABORTED);
  await expect(changed).rejects.toMatchObject(ABORTED);
  expect(peerdist.pending()).toBe(2);
  expect(watch.held.memory).toBe(memory + 2);
  // An event and a port. Closed, their numbers could belong to somebody else by the time they are signalled.
  expect(watch.held.handles).toBe(2);

  await vi.waitUntil(() => peerdist.pending() === 0, { timeout: 20_000 });
  expect(simulators.refusedHandles()).toBe(0);
  expect(watch.problems).toEqual([]);
});
