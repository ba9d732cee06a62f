import fc from 'fast-check';
import {
  defer,
  filter,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  Subscription,
  switchMap,
  take,
  tap,
  toArray,
} from 'rxjs';
import { afterEach, afterAll, describe, expect, it, vi } from 'vitest';
import { HRESULT_CODES, parseGuid, type Clock } from '../../src/driver/index.js';
import { liveHandleCount, type DiagnosticEvent, type PeerGroup } from '../../src/effects/index.js';
import { groupCore } from '../../src/effects/group.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { createPeerweave, groupEvents, type Peerweave } from '../../src/streams/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators, type Machine } from './simulators.js';

const simulators = buildSimulators();
const [here, there] = simulators.machines;
afterAll(() => simulators.remove());

const opened: Peerweave[] = [];
const open = ({ libraries }: Machine, parts: { readonly clock?: Clock } = {}): Peerweave => {
  const peers = createPeerweave({ driver: createWindowsDriver({ libraries }), ...parts });
  opened.push(peers);
  return peers;
};

afterEach(async () => {
  for (const { env } of opened.splice(0)) await env.driver.dispose();
  expect(leftoversOf(simulators)).toEqual({});
  expect(liveHandleCount()).toBe(0);
  resetMachines(simulators);
});

const calls = (name: string): number => here.p2p.calls(name);

/** Waits until the last of the native calls of a teardown has been made. */
const untilGivenBack = (): Promise<void> =>
  vi.waitFor(
    () => {
      expect(calls('PeerGroupShutdown')).toBe(calls('PeerGroupStartup'));
      expect(liveHandleCount()).toBe(0);
    },
    { timeout: 10_000 },
  );

/** The prescribed life: open, listen to what happens, go online. */
const online = (peers: Peerweave, group$: Observable<PeerGroup>) =>
  group$.pipe(
    switchMap((group) =>
      merge(
        groupEvents(group),
        defer(() => from(peers.promise(peers.effects.connectGroup(group)))).pipe(ignoreElements()),
      ),
    ),
  );

/** What was called, however often events were looked for meanwhile. */
const steps = (): readonly string[] =>
  here.p2p.log().filter((name) => name.startsWith('PeerGroup') && !/GetEventData|GetStatus/.test(name));

const creatorOf = (peers: Peerweave): Promise<string> => peers.promise(peers.effects.createIdentity());

describe('a group while subscribed', () => {
  it('starts up, creates, registers, connects; and gives all of it back once, in the opposite order', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const group$ = peers.createGroup({ creatorPeerName }, { connect: 'manual' });
    const event = await firstValueFrom(
      online(peers, group$).pipe(filter(({ _tag }) => _tag === 'StatusChanged')),
    );
    expect(event).toEqual({ _tag: 'StatusChanged', status: { listening: true, hasConnections: false } });
    await untilGivenBack();

    const log = here.p2p
      .log()
      .filter((name) => /Startup|Create$|egisterEvent|Connect$|Close|Shutdown/.test(name));
    const connect = log.indexOf('PeerGroupConnect');
    expect(log.slice(0, connect)).toEqual([
      'PeerIdentityCreate',
      'PeerGroupStartup',
      'PeerGroupCreate',
      // Of groupEvents and of connectGroup.
      'PeerGroupRegisterEvent',
      'PeerGroupRegisterEvent',
    ]);
    expect(log.slice(connect + 1)).toEqual([
      'PeerGroupUnregisterEvent',
      'PeerGroupUnregisterEvent',
      'PeerGroupClose',
      'PeerGroupShutdown',
    ]);
  });

  it('connects at once unless told otherwise, and is there once it is online', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    // So is the event that tells of it.
    here.p2p.setEventDelay(20_000);
    const group$ = peers.createGroup({ creatorPeerName });
    const status$ = group$.pipe(switchMap((group) => peers.promise(peers.effects.getGroupStatus(group))));
    expect(await firstValueFrom(status$)).toEqual({ listening: true, hasConnections: false });
    await untilGivenBack();
    expect(steps()).toEqual([
      'PeerGroupStartup',
      'PeerGroupCreate',
      'PeerGroupRegisterEvent',
      'PeerGroupConnect',
      'PeerGroupUnregisterEvent',
      'PeerGroupClose',
      'PeerGroupShutdown',
    ]);
  });

  it('is one group for each subscription, and the last to leave shuts down last', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const group$ = peers.createGroup({ creatorPeerName });
    const groups: PeerGroup[] = [];
    const [first, second] = [0, 1].map(() => group$.subscribe((group) => groups.push(group)));
    await vi.waitFor(() => expect(groups).toHaveLength(2));
    first?.unsubscribe();
    await vi.waitFor(() => expect(calls('PeerGroupClose')).toBe(1));
    const left = groups.find(({ state }) => state === 'open');
    if (left === undefined) expect.fail('both were closed');
    expect(await peers.promise(peers.effects.getGroupProperties(left))).toMatchObject({ creatorPeerName });
    expect(calls('PeerGroupStartup') - calls('PeerGroupShutdown')).toBe(1);
    second?.unsubscribe();
    await untilGivenBack();
    expect([calls('PeerGroupCreate'), calls('PeerGroupClose')]).toEqual([2, 2]);
    expect(here.p2p.log().at(-1)).toBe('PeerGroupShutdown');
  });

  it('is closed on arrival when nobody waits for it any more', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    here.p2p.setLatency(100_000);
    const subscription = peers.createGroup({ creatorPeerName }).subscribe();
    // From here on PeerGroupCreate is under way on its thread.
    await vi.waitFor(() => expect(calls('PeerGroupStartup')).toBe(1), { interval: 1 });
    subscription.unsubscribe();
    await untilGivenBack();
    here.p2p.setLatency(0);
    expect(here.p2p.log().slice(-3)).toEqual(['PeerGroupCreate', 'PeerGroupClose', 'PeerGroupShutdown']);
  });

  it('shuts down also when closing fails, and tells of it', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const told: DiagnosticEvent[] = [];
    const listening = peers.diagnostics$.subscribe((event) => told.push(event));
    here.p2p.fail('PeerGroupClose', 1, 0x8000_ffff);
    await firstValueFrom(peers.createGroup({ creatorPeerName }));
    await untilGivenBack();
    listening.unsubscribe();
    expect(told).toMatchObject([{ _tag: 'CloseFailed', kind: 'group', error: { symbol: 'E_UNEXPECTED' } }]);
    expect(calls('PeerGroupClose')).toBe(1);
  });

  it('leaves nothing open, however it is subscribed and left', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('create' as const, 'online' as const) },
      { weight: 2, arbitrary: fc.constant('leave' as const) },
      { weight: 2, arbitrary: fc.constant('turn' as const) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('PeerGroupCreate', 'PeerGroupConnect', 'PeerGroupRegisterEvent'),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const subscriptions: Subscription[] = [];
        for (const what of steps) {
          if (what === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (what === 'leave') subscriptions.shift()?.unsubscribe();
          else if (what === 'create' || what === 'online') {
            const group$ = peers.createGroup(
              { creatorPeerName },
              { connect: what === 'create' ? 'auto' : 'manual' },
            );
            const life$: Observable<unknown> = what === 'create' ? group$ : online(peers, group$);
            subscriptions.push(life$.subscribe({ error: () => undefined }));
          } else here.p2p.fail(what, 1, 0);
        }
        for (const subscription of subscriptions) subscription.unsubscribe();
        await untilGivenBack();
        await vi.waitFor(() => expect([here.p2p.openHandles(), here.p2p.blocksHandedOut()]).toEqual([0, 0]));
      }),
      { numRuns: 25 },
    );
  });
});

describe('the outcome of going online', () => {
  /** An invitation for whoever is over there, into a group that nobody is online in. */
  const invite = async (from: Peerweave, to: Peerweave, authentication: object): Promise<string> => {
    const creatorPeerName = await creatorOf(from);
    const identityXml = await to.promise(to.effects.getIdentityXml());
    const { effects } = from;
    const byPassword = 'password' in authentication;
    const group$ = from.createGroup({ creatorPeerName, authentication });
    return firstValueFrom(
      group$.pipe(
        switchMap((group) =>
          from.promise(
            byPassword
              ? effects.createPasswordInvitation(group)
              : effects.createInvitation(group, { identityXml, roles: ['member'] }),
          ),
        ),
      ),
    );
  };

  it('is Unavailable where no member is found, and the group stays open', async () => {
    const [alice, bob] = [open(there), open(here)];
    const invitation = await invite(alice, bob, { certificate: true });
    const group = await bob.promise(bob.effects.joinGroup({ invitation }, { connect: 'manual' }));
    expect(await bob.effects.connectGroup(group)()).toMatchObject({
      left: { _tag: 'Unavailable', symbol: 'PEER_E_NO_MEMBERS_FOUND' },
    });
    expect(await bob.effects.getGroupStatus(group)()).toMatchObject({ right: { listening: false } });
    await group.close();
  });

  it('is the error of a stream that goes online by itself, which gives everything back', async () => {
    const [alice, bob] = [open(there), open(here)];
    const invitation = await invite(alice, bob, { certificate: true });
    await expect(firstValueFrom(bob.joinGroup({ invitation }))).rejects.toMatchObject({
      _tag: 'Unavailable',
      symbol: 'PEER_E_NO_MEMBERS_FOUND',
    });
    await untilGivenBack();
    expect(steps().slice(-3)).toEqual(['PeerGroupUnregisterEvent', 'PeerGroupClose', 'PeerGroupShutdown']);
  });

  it('is an event of the stream as well', async () => {
    const [alice, bob] = [open(there), open(here)];
    const invitation = await invite(alice, bob, { certificate: true });
    const group$ = bob.joinGroup({ invitation }, { connect: 'manual' });
    const event$ = group$.pipe(
      switchMap((group) =>
        merge(groupEvents(group), defer(() => bob.effects.connectGroup(group)()).pipe(ignoreElements())),
      ),
    );
    const reason = HRESULT_CODES.PEER_E_NO_MEMBERS_FOUND;
    expect(await firstValueFrom(event$)).toEqual({ _tag: 'ConnectionFailed', reason });
    await untilGivenBack();
  });

  it('is AccessDenied with a wrong password', async () => {
    const [alice, bob] = [open(there), open(here)];
    const authentication = {
      certificate: true,
      password: true,
      groupPassword: 'right',
      passwordRole: 'member',
    };
    const invitation = await invite(alice, bob, authentication);
    const group = await bob.promise(
      bob.effects.joinGroupWithPassword({ invitation, password: 'wrong' }, { connect: 'manual' }),
    );
    expect(await bob.effects.connectGroup(group)()).toMatchObject({
      left: { _tag: 'AccessDenied', symbol: 'PEER_E_NOT_AUTHORIZED' },
    });
    await group.close();
  });

  it('is a Timeout after the documented 30 seconds when nothing is ever told', async () => {
    const timers: { readonly ms: number; readonly task: () => void }[] = [];
    const clock: Clock = {
      now: () => Date.now(),
      schedule: (ms, task) => {
        timers.push({ ms, task });
        return () => undefined;
      },
    };
    const peers = open(here, { clock });
    const creatorPeerName = await creatorOf(peers);
    const group = await peers.promise(peers.effects.createGroup({ creatorPeerName }, { connect: 'manual' }));
    // A success behind which nothing happens.
    here.p2p.fail('PeerGroupConnect', 1, 1);
    const outcome = peers.effects.connectGroup(group)();
    await vi.waitFor(() => expect([calls('PeerGroupConnect'), calls('PeerGroupGetStatus')]).toEqual([1, 1]));
    expect(timers.map(({ ms }) => ms)).toEqual([30_000]);
    timers[0]?.task();
    expect(await outcome).toMatchObject({ left: { _tag: 'Timeout' } });
    await group.close();
  });

  it('is a Timeout of the stream, too, after which everything is given back', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    here.p2p.fail('PeerGroupConnect', 1, 1);
    const group$ = peers.createGroup({ creatorPeerName }, { timeoutMs: 100 });
    await expect(firstValueFrom(group$)).rejects.toMatchObject({ _tag: 'Timeout' });
    await untilGivenBack();
    expect([calls('PeerGroupUnregisterEvent'), calls('PeerGroupClose')]).toEqual([1, 1]);
  });
});

describe('what happens in a group', () => {
  const NOTE = parseGuid('bbbbbbbb-0000-4000-8000-000000000001');
  if (NOTE === undefined) throw new Error('not a GUID');

  it('reaches every subscriber by one registration', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const expires = new Date(Date.now() + 3_600_000);
    const group = await peers.promise(peers.effects.createGroup({ creatorPeerName }));
    const events$ = groupEvents(group, { events: [{ kind: 'RecordChanged', type: NOTE }] });
    const heard = Promise.all([1, 2, 3].map(() => lastValueFrom(events$.pipe(take(2), toArray()))));
    // One was for going online.
    await vi.waitFor(() => expect(calls('PeerGroupRegisterEvent')).toBe(2));
    const { addRecord, deleteRecord } = peers.effects;
    const id = await peers.promise(addRecord(group, { type: NOTE, expires, data: Buffer.from('e4') }));
    await peers.promise(deleteRecord(group, id));
    const changes = ['added', 'deleted'].map((change) => ({
      _tag: 'RecordChanged',
      change,
      recordId: id,
      recordType: NOTE,
    }));
    expect(await heard).toEqual([changes, changes, changes]);
    await vi.waitFor(() => expect(calls('PeerGroupUnregisterEvent')).toBe(2));
    expect(calls('PeerGroupRegisterEvent')).toBe(2);
    await group.close();
  });

  it('comes in order from a burst of another thread, and what is too much is counted', async () => {
    const peers = open(here);
    const creatorPeerName = await creatorOf(peers);
    const total = 5_000;
    const group$ = peers.createGroup({ creatorPeerName });
    let seen = 0;
    const ids: bigint[] = [];
    const events$ = group$.pipe(
      switchMap((group) => {
        const burst = defer(async () => {
          // One was for going online.
          await vi.waitFor(() => expect(calls('PeerGroupRegisterEvent')).toBe(2));
          here.p2p.burst(groupCore(group, 'burst').assertOpen('burst'), total);
        });
        return merge(
          groupEvents(group, { capacity: 1_000, events: ['IncomingData'] }),
          burst.pipe(ignoreElements()),
        );
      }),
      tap((event) => {
        seen += event._tag === 'Dropped' ? event.count : 1;
        if (event._tag === 'IncomingData') ids.push(event.connectionId);
      }),
      filter(() => seen === total),
    );
    await firstValueFrom(events$);
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a - b)));
    expect(new Set(ids).size).toBe(ids.length);
    await untilGivenBack();
  });
});
