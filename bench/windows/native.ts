/**
 * What the Windows driver adds to the native calls it makes, on the simulated DLLs:
 *
 *     node bench/run.mjs windows/native     on Linux, over shared objects
 *     npm run bench:windows                 in Windows Node under Wine, over DLLs
 *
 * Everything is a ratio within one run, and what is compared takes turns.
 */
import { readFile } from 'node:fs/promises';
import koffi from 'koffi';
import type { Driver, GroupHandle } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { buildSimulators, type Simulators } from '../../test/native/simulators.js';
import { inTurn, meanOf, meanOfCalls, report, type Sample } from './measures.js';
import { benchSignal } from './signal.js';

const CALL = 'getStatus against the bare koffi call';

const openGroup = async ({ grouping, identity }: Driver): Promise<GroupHandle> => {
  await grouping.startup();
  return grouping.create({ creatorPeerName: await identity.create({}) });
};

/** A member of the contract answers a promise, so the bare call is awaited as well; and once it is not. */
const benchCall = async ({ machines: [{ libraries, p2p }] }: Simulators): Promise<void> => {
  const driver = createWindowsDriver({ libraries });
  const group = await openGroup(driver);
  const bare = koffi
    .load(libraries.p2p ?? '')
    .func('int32_t __stdcall PeerGroupGetStatus(void *group, _Out_ uint32_t *status)') as (
    group: bigint,
    status: number[],
  ) => number;
  const out = [0];
  const [value = 0, awaited = 0, called = 0] = await inTurn(
    [
      meanOf(20_000, () => driver.grouping.getStatus(group)),
      meanOf(20_000, async () => bare(group, out)),
      meanOfCalls(20_000, () => bare(group, out)),
    ],
    15,
  );
  report(`${CALL}, awaited`, value, awaited, 3);
  report(`${CALL}, not awaited`, value, called, 3);
  await driver.dispose();
  p2p.reset();
};

/** One event of one group among others that are watched as well. */
const eventAmong =
  ({ machines: [{ libraries, p2p }] }: Simulators, watched: number): Sample =>
  async () => {
    const driver = createWindowsDriver({ libraries });
    const group = await openGroup(driver);
    let onSignal: () => void = () => undefined;
    const registrations = [{ kind: 'IncomingData' }] as const;
    const events = await driver.grouping.registerEvents(group, registrations, () => onSignal());
    for (let other = 1; other < watched; other++) {
      await driver.grouping.registerEvents(group, [{ kind: 'MemberChanged' }], () => undefined);
    }
    const time = await meanOf(300, async () => {
      let count = 0;
      while (count === 0) {
        const signalled = new Promise<void>((resolve) => (onSignal = resolve));
        p2p.burst(group, 1);
        await signalled;
        count = (await driver.grouping.getEvents(events, 8)).length;
      }
    })();
    await driver.dispose();
    p2p.reset();
    return time;
  };

const benchWatched = async (simulators: Simulators): Promise<void> => {
  const counts = [1, 16, 63, 200];
  const times = await inTurn(
    counts.map((watched) => eventAmong(simulators, watched)),
    7,
  );
  const [one = 0] = times;
  for (const [index, watched] of counts.entries()) {
    report(`an event among ${watched} watched against 1`, times[index] ?? 0, one, 2);
  }
};

const read = meanOf(300, () => readFile('package.json'));

const benchReadFile = async ({ machines: [{ libraries, p2p }] }: Simulators): Promise<void> => {
  const beside: Sample = async () => {
    const driver = createWindowsDriver({ libraries });
    const group = await openGroup(driver);
    for (let watched = 0; watched < 200; watched++) {
      await driver.grouping.registerEvents(group, [{ kind: 'MemberChanged' }], () => undefined);
    }
    const time = await read();
    await driver.dispose();
    p2p.reset();
    return time;
  };
  const [value = 0, alone = 0] = await inTurn([beside, read], 9);
  report('readFile with 200 watched against none', value, alone, 1.5);
};

const simulators = buildSimulators();
console.log(`Node ${process.version} on ${process.platform}\n`);
console.log(' '.repeat(50), 'measured'.padStart(12), 'against'.padStart(12), ' ratio');
await benchCall(simulators);
await benchSignal(simulators);
await benchWatched(simulators);
await benchReadFile(simulators);
simulators.remove();
