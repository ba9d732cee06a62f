import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  createGroup,
  createIdentity,
  type GroupEvent,
  liveHandleCount,
  type PeerGroup,
} from '../../src/effects/index.js';
import { type Dropped, groupEvents } from '../../src/streams/index.js';
import { coreOf } from '../../src/effects/handle.js';
import { createRig, type Rig } from '../effects/rig.js';

const start = async () => {
  const rig = createRig();
  const creatorPeerName = await rig.run(createIdentity());
  const group = await rig.run(createGroup({ creatorPeerName }, { connect: 'manual' }));
  const raw = coreOf(group, 'group', 'test').assertOpen('test');
  const emit = (count: number, from = 0): void =>
    rig.fake.emit(raw, ...Array.from({ length: count }, (_, index) => member(from + index)));
  return { rig, group, emit };
};

const member = (index: number): GroupEvent => ({
  _tag: 'MemberChanged',
  change: 'joined',
  identity: `${index}`,
});

const numbers = (events: readonly (GroupEvent | Dropped)[]): readonly (string | number)[] =>
  events.map((event) => {
    if (event._tag === 'MemberChanged') return Number(event.identity);
    return event._tag === 'Dropped' ? `-${event.count}` : event._tag;
  });

const end = async (rig: Rig, group: PeerGroup): Promise<void> => {
  await group.close();
  rig.fake.assertClean();
  expect(liveHandleCount()).toBe(0);
};

describe('groupEvents', () => {
  it('tells of a queue that cannot be as of any other error', async () => {
    const { rig, group } = await start();
    await expect(firstValueFrom(groupEvents(group, { batch: 0 }))).rejects.toMatchObject({
      _tag: 'BadArgument',
      operation: 'groupEvents',
    });
    await end(rig, group);
  });

  it('registers once for many, and lets go with the last', async () => {
    const { rig, group, emit } = await start();
    const seen: (GroupEvent | Dropped)[][] = [[], []];
    const events$ = groupEvents(group);
    const subscriptions = seen.map((into) => events$.subscribe((event) => into.push(event)));
    await rig.settle();
    emit(3);
    await rig.settle();
    await rig.settle();
    expect(seen.map(numbers)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(rig.fake.ledger().kinds['group-events']).toMatchObject({ opened: 1, open: 1 });
    for (const subscription of subscriptions) subscription.unsubscribe();
    await rig.settle();
    expect(rig.fake.ledger().kinds['group-events'].open).toBe(0);
    await end(rig, group);
  });

  it('takes what was signalled while it registered', async () => {
    const { rig, group, emit } = await start();
    // The work is done at once and the answer comes later, as from another process.
    const register = rig.fake.grouping.registerEvents.bind(rig.fake.grouping);
    rig.fake.grouping.registerEvents = async (...args) => {
      const registration = await register(...args);
      await new Promise<void>((resolve) => rig.clock.schedule(50, resolve));
      return registration;
    };
    const seen: (GroupEvent | Dropped)[] = [];
    groupEvents(group).subscribe((event) => seen.push(event));
    await rig.clock.advance(10);
    emit(2);
    await rig.clock.advance(100);
    await rig.settle();
    expect(numbers(seen)).toEqual([0, 1]);
    await end(rig, group);
  });

  it('delivers a burst in order, and counts what does not fit', async () => {
    const { rig, group, emit } = await start();
    const seen: (GroupEvent | Dropped)[] = [];
    groupEvents(group, { capacity: 1_000 }).subscribe((event) => seen.push(event));
    await rig.settle();
    emit(3_000);
    for (let turn = 0; turn < 10; turn += 1) await rig.settle();
    const [first, ...rest] = numbers(seen);
    expect(first).toBe('-2000');
    expect(rest).toEqual(Array.from({ length: 1_000 }, (_, index) => 2_000 + index));
    await end(rig, group);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 8])('can be left %i microtasks into it', async (turns) => {
    const { rig, group, emit } = await start();
    emit(2);
    const subscription = groupEvents(group).subscribe();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    subscription.unsubscribe();
    await rig.settle();
    expect(rig.fake.ledger().kinds['group-events'].open).toBe(0);
    await end(rig, group);
  });

  it('takes no more once it was left in the middle of a burst', async () => {
    const { rig, group, emit } = await start();
    const seen: (GroupEvent | Dropped)[] = [];
    const subscription = groupEvents(group).subscribe((event) => {
      seen.push(event);
      if (seen.length === 5) subscription.unsubscribe();
    });
    await rig.settle();
    emit(1_000);
    for (let turn = 0; turn < 5; turn += 1) await rig.settle();
    expect(numbers(seen)).toEqual([0, 1, 2, 3, 4]);
    await end(rig, group);
  });

  it.each(['grouping.registerEvents', 'grouping.getEvents'] as const)(
    'completes without an error when the group is closed during %s',
    async (operation) => {
      const { rig, group } = await start();
      rig.fake.script(operation).once({ delayMs: 50 });
      const outcome: string[] = [];
      groupEvents(group).subscribe({
        error: () => outcome.push('error'),
        complete: () => outcome.push('complete'),
      });
      await rig.clock.advance(10);
      const closed = group.close();
      await rig.clock.advance(100);
      await closed;
      await rig.settle();
      expect(outcome).toEqual(['complete']);
      expect(rig.fake.ledger().earlyCloses).toEqual([]);
      expect(liveHandleCount()).toBe(0);
    },
  );

  it.each(['grouping.registerEvents', 'grouping.getEvents'] as const)(
    'ends with a PeerError when %s fails, and leaves nothing registered',
    async (operation) => {
      const { rig, group } = await start();
      rig.fake.script(operation).fail('PEER_E_SERVICE_NOT_AVAILABLE');
      await expect(firstValueFrom(groupEvents(group))).rejects.toMatchObject({ _tag: 'Unavailable' });
      await end(rig, group);
    },
  );

  it('is an error of a group that is closed', async () => {
    const { rig, group } = await start();
    await group.close();
    await expect(firstValueFrom(groupEvents(group))).rejects.toMatchObject({ _tag: 'HandleClosed' });
    await end(rig, group);
  });
});
