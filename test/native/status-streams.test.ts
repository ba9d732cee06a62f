import fc from 'fast-check';
import { firstValueFrom, type Subscription, take, toArray } from 'rxjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { isPeerError, liveHandleCount, type DistributionSession } from '../../src/effects/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import {
  createPeerweave,
  distributionStatus,
  type Peerweave,
  type StatusEvent,
} from '../../src/streams/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { AT_ONCE, buildSimulators, type Machine } from './simulators.js';

const simulators = buildSimulators();
const [today] = simulators.machines;
const { windows7 } = simulators;
afterAll(() => simulators.remove());

const [DISABLED, UNAVAILABLE, AVAILABLE] = [0, 1, 2] as const;
const NAMES = ['disabled', 'unavailable', 'available'] as const;
const SOON_US = 2_000;

const opened: Peerweave[] = [];
const open = ({ libraries }: Machine): Peerweave => {
  const peers = createPeerweave({ driver: createWindowsDriver({ libraries }) });
  opened.push(peers);
  return peers;
};

afterEach(async () => {
  for (const { env } of opened.splice(0)) await env.driver.dispose();
  expect([windows7.peerdist.openHandles(), windows7.peerdist.pending()]).toEqual([0, 0]);
  expect(leftoversOf(simulators)).toEqual({});
  expect(liveHandleCount()).toBe(0);
  resetMachines(simulators);
  windows7.peerdist.setStatus(AVAILABLE, AT_ONCE);
  windows7.peerdist.reset();
});

describe.each([
  ['Windows 7', windows7, 'PeerDistRegisterForStatusChangeNotification', 'PeerDistGetStatus', 1],
  ['Windows 8 and later', today, 'PeerDistRegisterForStatusChangeNotificationEx', 'PeerDistGetStatusEx', 2],
] as const)('the status on %s', (_version, machine, register, read, maxVersion) => {
  const { peerdist } = machine;
  const calls = (name: string): number => peerdist.calls(name);

  /** Subscribes and answers what was emitted, each with the native calls since the one before. */
  const follow = (session: DistributionSession) => {
    const emitted: { readonly event: StatusEvent; readonly calls: readonly string[] }[] = [];
    let before = peerdist.log().length;
    const subscription: Subscription = distributionStatus(session).subscribe((event) => {
      emitted.push({ event, calls: peerdist.log().slice(before) });
      before = peerdist.log().length;
    });
    return { emitted, subscription };
  };

  /** Changes the status and waits until that many events were told. */
  const change = async (status: number, told: readonly unknown[]): Promise<void> => {
    const next = told.length + 1;
    // A change that comes before the next registration would be told by the reading behind that one.
    await vi.waitFor(() => expect(peerdist.pending()).toBe(1), { interval: 1 });
    peerdist.setStatus(status, SOON_US);
    await vi.waitFor(() => expect(told.length).toBe(next), { interval: 1, timeout: 10_000 });
  };

  it('registers anew after every emission and reads the status after every wake', async () => {
    const peers = open(machine);
    const session = await peers.promise(peers.effects.openSession());
    const { emitted, subscription } = follow(session);
    await vi.waitFor(() => expect(emitted).toHaveLength(1));
    const changes = [UNAVAILABLE, AVAILABLE, DISABLED, UNAVAILABLE, DISABLED, AVAILABLE];
    for (const status of changes) await change(status, emitted);
    expect(emitted.map(({ event }) => event)).toEqual(
      [AVAILABLE, ...changes].map((status) => ({
        _tag: 'Status',
        status: NAMES[status],
        minVersion: 1,
        maxVersion,
        invalidated: [],
      })),
    );
    // The first change meets the registration that was there before the first emission; from then on each has its own.
    expect(emitted.map(({ calls: since }) => since.includes(register))).toEqual([
      true,
      false,
      ...changes.slice(1).map(() => true),
    ]);
    for (const { calls: since } of emitted.slice(2)) {
      expect(since.filter((name) => name === register)).toHaveLength(1);
      expect(since).toContain('PeerDistGetStatus');
    }
    // What is told was read last of all.
    expect(emitted.map(({ calls: since }) => since.at(-1))).toEqual(emitted.map(() => read));
    const other = register.endsWith('Ex') ? register.slice(0, -2) : `${register}Ex`;
    expect(calls(other)).toBe(0);
    subscription.unsubscribe();
    await vi.waitFor(() => expect(peerdist.pending()).toBe(0));
    expect(calls('PeerDistUnregisterForStatusChangeNotification')).toBe(1);
    await session.close();
  });

  describe.each([
    ['disabled', DISABLED],
    ['unavailable', UNAVAILABLE],
  ] as const)('a drop to %s', (name, status) => {
    it.each([0, 1, 10])('closes every handle once, before it is told to %d subscribers', async (count) => {
      const peers = open(machine);
      const { effects, promise } = peers;
      const session = await promise(effects.openSession());
      const bytes = Buffer.from('something to read');
      await using first = await promise(effects.openPublication(session, { contentId: 'done' }));
      await promise(effects.addToPublication(first, bytes));
      await promise(effects.completePublication(first));
      await first.close();
      const closed = calls('PeerDistServerCloseStreamHandle');
      const handles = [
        await promise(effects.openPublication(session, { contentId: 'being written' })),
        await promise(effects.openContentInformation(session, { contentId: 'done' })),
        await promise(effects.openContent(session)),
      ];
      const closes = (): readonly number[] => [
        calls('PeerDistServerCloseStreamHandle') - closed,
        calls('PeerDistServerCloseContentInformation'),
        calls('PeerDistClientCloseContent'),
      ];
      const told: { readonly event: StatusEvent; readonly closes: readonly number[] }[] = [];
      const status$ = distributionStatus(session);
      const subscriptions = Array.from({ length: count }, () =>
        status$.subscribe((event) => told.push({ event, closes: closes() })),
      );
      await vi.waitFor(() => expect(told).toHaveLength(count));
      await vi.waitFor(() => expect(peerdist.pending()).toBe(1));

      peerdist.setStatus(status, SOON_US);
      await vi.waitFor(() => expect(told).toHaveLength(count * 2));
      await vi.waitFor(() => expect(handles.map(({ state }) => state)).toEqual(Array(3).fill('invalidated')));
      for (const handle of handles) await handle.closed;
      expect(closes()).toEqual([1, 1, 1]);
      const drops = told.slice(count);
      const invalidated = ['content', 'content information', 'publication stream'];
      expect(drops).toEqual(
        Array(count).fill({
          event: { _tag: 'Status', status: name, minVersion: 1, maxVersion, invalidated },
          closes: [1, 1, 1],
        }),
      );

      // Once for good: neither coming back, nor closing again, nor the end of the session closes them again.
      peerdist.setStatus(AVAILABLE, AT_ONCE);
      for (const handle of handles) await handle.close();
      for (const subscription of subscriptions) subscription.unsubscribe();
      await session.close();
      expect(closes()).toEqual([1, 1, 1]);
      expect(calls('PeerDistShutdown')).toBe(1);
    });
  });

  it('needs one registration for any number of subscribers', async () => {
    const peers = open(machine);
    const session = await peers.promise(peers.effects.openSession());
    const status$ = distributionStatus(session);
    const heard: StatusEvent[] = [];
    const subscriptions = Array.from({ length: 50 }, () => status$.subscribe((event) => heard.push(event)));
    await vi.waitFor(() => expect(heard).toHaveLength(50));
    await vi.waitFor(() => expect(peerdist.pending()).toBe(1));
    expect(await firstValueFrom(status$)).toMatchObject({ status: 'available' });
    // The first registration of a session is answered at once, which is no change; it is made again.
    expect(calls(register)).toBe(2);
    for (const subscription of subscriptions) subscription.unsubscribe();
    await vi.waitFor(() => expect(peerdist.pending()).toBe(0));
    await session.close();
  });

  it('refuses a handle that it has voided, without a native call', async () => {
    const peers = open(machine);
    const session = await peers.promise(peers.effects.openSession());
    const content = await peers.promise(peers.effects.openContent(session));
    await vi.waitFor(() => expect(peerdist.pending()).toBe(1));
    peerdist.setStatus(DISABLED, AT_ONCE);
    await content.closed;
    const error: unknown = await peers
      .promise(peers.effects.completeContentInformation(content))
      .catch((e: unknown) => e);
    expect(isPeerError(error) && error._tag).toBe('Invalidated');
    expect(calls('PeerDistClientCompleteContentInformation')).toBe(0);
    await session.close();
  });

  it('tells a fault of the service as a value, then goes on', async () => {
    const peers = open(machine);
    const session = await peers.promise(peers.effects.openSession());
    peerdist.fail(read, 1, 4_065);
    const events = await firstValueFrom(distributionStatus(session).pipe(take(2), toArray()));
    expect(events).toMatchObject([
      { _tag: 'Fault', error: { symbol: 'PEERDIST_ERROR_SERVICE_UNAVAILABLE' } },
      { _tag: 'Status', status: 'available' },
    ]);
    await session.close();
  });

  it('ends on the last status after any number of changes in any rhythm, and leaves nothing open', async () => {
    const step = fc.record({
      status: fc.constantFrom(DISABLED, UNAVAILABLE, AVAILABLE),
      pause: fc.constantFrom('none', 'turn', 'millisecond'),
      open: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const peers = open(machine);
        const { effects, promise } = peers;
        const session = await promise(effects.openSession());
        const { emitted, subscription } = follow(session);
        for (const { status, pause, open: opens } of steps) {
          peerdist.setStatus(status, AT_ONCE);
          if (opens) await effects.openContent(session)();
          if (pause === 'turn') await new Promise((resolve) => setImmediate(resolve));
          if (pause === 'millisecond') await new Promise((resolve) => setTimeout(resolve, 1));
        }
        peerdist.setStatus(AVAILABLE, AT_ONCE);
        peerdist.setStatus(UNAVAILABLE, AT_ONCE);
        await vi.waitFor(() => expect(emitted.at(-1)?.event).toMatchObject({ status: 'unavailable' }), {
          interval: 1,
          timeout: 10_000,
        });
        await vi.waitFor(() => expect(peerdist.openHandles()).toBe(1), { interval: 1 });
        expect(emitted.filter(({ event }) => event._tag === 'Fault')).toEqual([]);
        subscription.unsubscribe();
        await session.close();
        expect([peerdist.openHandles(), peerdist.pending()]).toEqual([0, 0]);
        peerdist.setStatus(AVAILABLE, AT_ONCE);
      }),
      { numRuns: 20 },
    );
  });
});
