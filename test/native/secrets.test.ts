import { afterAll, expect, it } from 'vitest';
import { createRuntime } from '../../src/native/runtime.js';
import { loadFfi } from '../../src/native/ffi.js';
import { Frame } from '../../src/native/frame.js';
import { systemClock } from '../../src/driver/index.js';
import type { LibraryPaths } from '../../src/native/index.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterAll(() => {
  machine.p2p.setLatency(0);
  simulators.remove();
});

const PASSWORD = Buffer.from('correct horse', 'utf16le');
const LONG_US = 100_000;

it('is encrypted while its call waits for a turn, clear for the call and gone afterwards', async () => {
  const paths = machine.libraries as LibraryPaths;
  const { native } = await createRuntime({ clock: systemClock, statusSignal: 'event', paths });
  const ffi = await loadFfi();
  machine.p2p.setLatency(LONG_US);

  const begin = (): {
    readonly frame: Frame;
    readonly held: () => Buffer;
    readonly done: Promise<number>;
  } => {
    const frame = new Frame(ffi);
    const password = frame.secret({ use: (use) => use(PASSWORD) }, 'password');
    const [cell] = frame.secrets;
    const out = frame.reserve(8).address;
    const done = native.slowHresult(frame, 'PeerIdentityExport', 0n, password, out);
    return { frame, held: () => Buffer.from(cell?.bytes ?? []), done };
  };
  const [first, second, waiting] = [begin(), begin(), begin()];
  expect(waiting.held().includes(PASSWORD)).toBe(false);
  await Promise.all([first.done, second.done, waiting.done]);
  expect(waiting.held().includes(PASSWORD)).toBe(true);
  for (const { frame, held } of [first, second, waiting]) {
    frame.release();
    expect(held().every((byte) => byte === 0)).toBe(true);
  }
});
