/**
 * What the Windows driver adds to the native calls it makes, on the simulated DLLs:
 *
 *     node bench/run.mjs windows/native
 *
 * Everything is a ratio within this one run.
 */
import { readFile } from 'node:fs/promises';
import koffi from 'koffi';
import { systemClock, type Driver, type GroupHandle } from '../../src/driver/index.js';
import { createWindowsDriver, type LibraryPaths } from '../../src/native/index.js';
import { createRuntime } from '../../src/native/runtime.js';
import { AT_ONCE, buildSimulators } from '../../test/native/simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
const { libraries } = machine;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median of the nanoseconds that one turn takes, over several rounds. */
const nanoseconds = async (turns: number, task: () => unknown, rounds = 9): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < turns; turn++) await task();
    times.push(Number(process.hrtime.bigint() - start) / turns);
  }
  return median(times);
};

const report = (name: string, value: number, reference: number, most: number): void => {
  const ratio = value / reference;
  const verdict = ratio <= most ? 'ok' : 'too slow';
  console.log(`${name.padEnd(52)} ${ratio.toFixed(2).padStart(6)} times  (at most ${most}): ${verdict}`);
};

const openGroup = async ({ grouping, identity }: Driver): Promise<GroupHandle> => {
  await grouping.startup();
  return grouping.create({ creatorPeerName: await identity.create({}) });
};

const benchCall = async (): Promise<void> => {
  const driver = createWindowsDriver({ libraries });
  const group = await openGroup(driver);
  const bare = koffi
    .load(libraries.p2p ?? '')
    .func('int32_t __stdcall PeerGroupGetStatus(void *group, _Out_ uint32_t *status)') as (
    group: bigint,
    status: number[],
  ) => number;
  const out = [0];
  const reference = await nanoseconds(50_000, async () => bare(group, out));
  const value = await nanoseconds(50_000, () => driver.grouping.getStatus(group));
  report('getStatus against the bare koffi call', value, reference, 3);
  await driver.dispose();
};

/** The median of the nanoseconds from `signal` until what `listen` answers is there. */
const fromSignal = async (listen: () => Promise<Promise<unknown>[]>, signal: () => void): Promise<number> => {
  const times: number[] = [];
  for (let turn = 0; turn < 1_000; turn++) {
    const heard = await listen();
    const start = process.hrtime.bigint();
    signal();
    await Promise.all(heard);
    times.push(Number(process.hrtime.bigint() - start));
  }
  return median(times);
};

/** From a change of the status to its subscriber, and from a signal to a listener of the pump itself. */
const benchSignal = async (): Promise<void> => {
  const { pump, distributionEvent } = await createRuntime({
    clock: systemClock,
    statusSignal: 'event',
    paths: libraries as LibraryPaths,
  });
  let hear: () => void = () => undefined;
  const listening = distributionEvent.listen(() => hear());
  const reference = await fromSignal(
    async () => [new Promise<void>((resolve) => (hear = resolve))],
    () => distributionEvent.signal(),
  );
  await listening.leave();
  await distributionEvent.dispose();
  if (pump.active) throw new Error('the pump still waits');

  const driver = createWindowsDriver({ libraries });
  const session = await driver.distribution.startup();
  let status = 0;
  const value = await fromSignal(
    async () => [(await driver.distribution.registerStatusChange(session)).changed],
    () => {
      machine.peerdist.setStatus(status, AT_ONCE);
      status = 2 - status;
    },
  );
  report('a status change to its subscriber against the pump', value, reference, 2);
  await driver.dispose();
  machine.peerdist.reset();
};

/** One event of one group among others that are watched as well. */
const eventTime = async (watched: number): Promise<number> => {
  const driver = createWindowsDriver({ libraries });
  const group = await openGroup(driver);
  let onSignal: () => void = () => undefined;
  const registrations = [{ kind: 'IncomingData' }] as const;
  const events = await driver.grouping.registerEvents(group, registrations, () => onSignal());
  for (let other = 1; other < watched; other++) {
    await driver.grouping.registerEvents(group, [{ kind: 'MemberChanged' }], () => undefined);
  }
  const time = await nanoseconds(200, async () => {
    let count = 0;
    while (count === 0) {
      const signalled = new Promise<void>((resolve) => (onSignal = resolve));
      machine.p2p.burst(group, 1);
      await signalled;
      count = (await driver.grouping.getEvents(events, 8)).length;
    }
  });
  await driver.dispose();
  machine.p2p.reset();
  return time;
};

const benchWatched = async (): Promise<void> => {
  const one = await eventTime(1);
  for (const watched of [16, 63, 200]) {
    report(`an event among ${watched} registrations against 1`, await eventTime(watched), one, 2);
  }
};

const benchReadFile = async (): Promise<void> => {
  const read = (): Promise<unknown> => readFile('package.json');
  const reference = await nanoseconds(300, read);
  const driver = createWindowsDriver({ libraries });
  const group = await openGroup(driver);
  for (let watched = 0; watched < 200; watched++) {
    await driver.grouping.registerEvents(group, [{ kind: 'MemberChanged' }], () => undefined);
  }
  const value = await nanoseconds(300, read);
  report('readFile with 200 registrations against none', value, reference, 1.5);
  await driver.dispose();
};

await benchCall();
await benchSignal();
await benchWatched();
await benchReadFile();
simulators.remove();
