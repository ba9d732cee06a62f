import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import type { Driver } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf } from './leftovers.js';
import { AT_ONCE, buildSimulators, type Machine } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterAll(() => simulators.remove());

const CYCLES = Number(process.env['PEERWEAVE_SOAK_CYCLES'] ?? 2_000);
// A hang is to end it, not a machine that has much else to do.
const LIMIT_MS = 60_000 + CYCLES * 200;
const [DISABLED, AVAILABLE] = [0, 2];
/**
 * How much more memory the second half of a run may need than the first. The smallest block of the C library is 32
 * bytes: half a million cycles that lost one each would be twice this.
 */
const GROWTH_BYTES = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What V8 keeps of its own does not count as native: it widens its nursery by ten mebibytes when it sees fit. */
const memory = (): { readonly native: number; readonly heap: number } => {
  collectGarbage();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { native: rss - heapTotal, heap: heapUsed };
};

/** One round of opening, registering, a change of the status, and closing. */
const cycle = async (
  { grouping, distribution }: Driver,
  { peerdist }: Machine,
  group: { readonly identity: string; readonly name: string },
  status: number,
): Promise<void> => {
  const session = await distribution.startup();
  const { changed } = await distribution.registerStatusChange(session);
  const opened = await grouping.open(group.identity, group.name, undefined);
  const events = await grouping.registerEvents(opened, [{ kind: 'IncomingData' }], () => undefined);
  peerdist.setStatus(status, AT_ONCE);
  await changed;
  await grouping.getEvents(events, 8);
  await grouping.unregisterEvents(events);
  await grouping.close(opened);
  await distribution.shutdown(session);
};

/** Again and again, PEERWEAVE_SOAK_CYCLES times: the simulators' own counters and the memory say what stays behind. */
it(
  'leaves nothing behind, however often',
  async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const { grouping, identity } = driver;
    await grouping.startup();
    const creatorPeerName = await identity.create({});
    const own = await grouping.create({ creatorPeerName });
    const { groupPeerName } = await grouping.getProperties(own);
    const group = { identity: creatorPeerName, name: groupPeerName };

    const samples: ReturnType<typeof memory>[] = [];
    for (let turn = 0; turn < CYCLES; turn++) {
      await cycle(driver, machine, group, turn % 2 === 0 ? DISABLED : AVAILABLE);
      if ((turn + 1) % Math.ceil(CYCLES / 10) !== 0) continue;
      const sample = memory();
      samples.push(sample);
      console.log(`${turn + 1} cycles; MiB native/heap: ${mebi(sample.native)}/${mebi(sample.heap)}`);
    }
    await driver.dispose();
    const left = leftoversOf(simulators);
    const mebibytes = samples.map(({ native, heap }) => `${mebi(native)}/${mebi(heap)}`).join(' ');
    console.log(`${CYCLES} cycles; left: ${JSON.stringify(left)}; MiB native/heap: ${mebibytes}`);

    expect(left).toEqual({});
    // AddressSanitizer keeps what was freed for a while, to see who still uses it.
    if (process.env['PEERWEAVE_SIMULATORS_ASAN'] !== undefined) return;
    // The most of each half: the system may take a process that rests a while much of its memory, for a while.
    const middle = Math.floor(samples.length / 2);
    const most = (of: keyof ReturnType<typeof memory>, from: number, to: number): number =>
      Math.max(...samples.slice(from, to).map((sample) => sample[of]));
    for (const kind of ['native', 'heap'] as const) {
      const growth = most(kind, middle, samples.length) - most(kind, 0, middle);
      expect(growth, `growth of ${kind}`).toBeLessThan(GROWTH_BYTES);
    }
  },
  LIMIT_MS,
);

const mebi = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
