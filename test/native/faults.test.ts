import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { API_BINDINGS } from '../../src/native/bindings.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { flows, type Flow } from './flows.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';
import { SYSTEM_FUNCTIONS, watch } from './watched-ffi.js';

vi.mock('../../src/native/ffi.js', async (actual) =>
  (await import('./watched-ffi.js')).watchedModule(await actual()),
);

const simulators = buildSimulators();
const [machine] = simulators.machines;
const { libraries, p2p, peerdist } = machine;
const all = flows(machine);
const directory = mkdtempSync(join(tmpdir(), 'peerweave-faults-'));
watch.owns = (address) => peerdist.owns(address) !== 0;
afterEach(() => resetMachines(simulators));
afterAll(() => {
  rmSync(directory, { recursive: true });
  simulators.remove();
});

const HANG_MS = 15_000;
const SOON_MS = 5_000;

/** Runs a flow and disposes of its driver; answers what the flow rejected with. */
const play = async ({ run, statusSignal, prepare }: Flow, what: string): Promise<unknown> => {
  const driver = createWindowsDriver({ libraries, statusSignal });
  prepare?.();
  let limit: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`hangs: ${what}`)), HANG_MS);
  });
  const error = await Promise.race([hang, run(driver, directory)]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await Promise.race([hang, driver.dispose()]);
  clearTimeout(limit);
  return error;
};

const everything = () => {
  const { kernelObjects = 0, ...leftovers } = leftoversOf(simulators);
  // The two events of the bystander, where the kernel is a simulated one.
  const objects = kernelObjects === 0 ? 0 : kernelObjects - 2;
  const { held, waits, problems } = watch;
  return { ...leftovers, objects, ...held, waits, problems };
};

/** The thread that waits needs a moment to come back, and a slice of its time if it could not be woken. */
const soon = <Result>(check: () => Result): Promise<Result> =>
  vi.waitFor(check, { timeout: SOON_MS, interval: 5 });

/** What can be made to fail, by turn, and how many turns there were. */
const KINDS = [
  ['a call of P2P.dll', (turn: number) => p2p.fail(null, turn, 0), () => p2p.calls(null)],
  ['a call of PeerDist.dll', (turn: number) => peerdist.fail(null, turn, 0), () => peerdist.calls(null)],
  [
    'an operation of PeerDist.dll, later',
    (turn: number) => peerdist.failCompletion(null, turn, 0),
    () => peerdist.completions(null),
  ],
  ['a call of Windows', (turn: number) => watch.reset(turn), () => watch.calls],
] as const;

/** Another driver, which is open and subscribed to nothing: what the process shares is not disposed of. */
const bystander = createWindowsDriver({ libraries });
beforeAll(async () => {
  const { grouping, identity, distribution } = bystander;
  await grouping.startup();
  const group = await grouping.create({ creatorPeerName: await identity.create({}) });
  await grouping.unregisterEvents(
    await grouping.registerEvents(group, [{ kind: 'MemberChanged' }], () => undefined),
  );
  await grouping.close(group);
  await grouping.shutdown();
  const session = await distribution.startup();
  await distribution.registerStatusChange(session);
  await distribution.shutdown(session);
});
afterAll(async () => {
  await bystander.dispose();
  expect({ ...leftoversOf(simulators), handles: watch.held.handles }).toEqual({ handles: 0 });
});

describe.each(all)('$name', (flow) => {
  let clean: ReturnType<typeof everything>;
  beforeAll(async () => {
    resetMachines(simulators);
    expect(await play(flow, 'without a fault')).toBeUndefined();
    clean = await soon(() => {
      const now = everything();
      const none = { objects: 0, handles: 2, keys: 0, waits: false, problems: [] };
      expect(now).toEqual({ ...none, memory: now.memory });
      return now;
    });
    resetMachines(simulators);
  });

  // Fails the first, then the second, and so on, until there are no more.
  it.each(KINDS)('leaves nothing behind when %s fails, whichever it is', async (kind, failAt, turns) => {
    for (let turn = 1, reached = true; reached; turn++) {
      const what = `${kind}, number ${turn}`;
      failAt(turn);
      const error = await play(flow, what);
      reached = turns() >= turn;
      watch.reset();
      resetMachines(simulators);
      await soon(() => expect({ what, ...everything() }).toEqual({ what, ...clean }));
      if (error !== undefined) expect(isDriverFault(error), `${what}: ${inspect(error)}`).toBe(true);
    }
  });
});

describe('the flows', () => {
  it('call every function that the driver uses', async () => {
    const called = new Set<string>();
    for (const flow of all) {
      watch.reset();
      await play(flow, 'all calls');
      for (const name of [...p2p.log(), ...peerdist.log(), ...watch.callsOf.keys()]) called.add(name);
      resetMachines(simulators);
    }
    const missing = [...Object.keys(API_BINDINGS), ...SYSTEM_FUNCTIONS].filter((name) => !called.has(name));
    expect(missing.sort()).toEqual([
      // Windows 7 has these in the place of the others.
      'GetOverlappedResult',
      'PeerDistRegisterForStatusChangeNotification',
    ]);
  });
});
