import { firstValueFrom, type Observable, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  type DistributionSession,
  liveHandleCount,
  openContent,
  openPublication,
  openSession,
  readContent,
} from '../../src/effects/index.js';
import { distributionStatus, type StatusEvent } from '../../src/streams/index.js';
import { createRig, type Rig } from './rig.js';

const start = async (): Promise<{ rig: Rig; session: DistributionSession }> => {
  const rig = createRig();
  return { rig, session: await rig.run(openSession()) };
};

const follow = (status$: Observable<StatusEvent>): StatusEvent[] => {
  const events: StatusEvent[] = [];
  status$.subscribe((event) => events.push(event));
  return events;
};

const words = (events: readonly StatusEvent[]): readonly string[] =>
  events.map((event) => (event._tag === 'Fault' ? `fault ${event.error.code}` : event.status));

const registrations = (rig: Rig): number => rig.fake.ledger().kinds['status-registration'].open;

const end = async (rig: Rig, session: DistributionSession): Promise<void> => {
  await session.close();
  rig.fake.assertClean();
  expect(rig.clock.pending).toBe(0);
  expect(liveHandleCount()).toBe(0);
};

describe('the status of a session', () => {
  it('comes without waiting for a change, then with each change, from one registration for all', async () => {
    const { rig, session } = await start();
    const shared$ = distributionStatus(session);
    const [first, second] = [follow(shared$), follow(distributionStatus(session))];
    await rig.settle();
    for (const status of ['disabled', 'unavailable', 'available'] as const) {
      rig.fake.distribution.setStatus(status);
      await rig.settle();
      expect(registrations(rig)).toBe(1);
    }
    expect(words(first)).toEqual(['available', 'disabled', 'unavailable', 'available']);
    expect(words(second)).toEqual(words(first));
    expect(words(follow(shared$))).toEqual(['available']);
    expect(rig.fake.ledger().maxStatusRegistrations).toBe(1);
    await end(rig, session);
  });

  it('misses no change between a signal and the next registration', async () => {
    const { rig, session } = await start();
    const events = follow(distributionStatus(session));
    await rig.settle();
    rig.fake.script('distribution.registerStatusChange').once({ delayMs: 20 });
    rig.fake.distribution.setStatus('disabled');
    await rig.clock.advance(10);
    rig.fake.distribution.setStatus('unavailable');
    await rig.clock.advance(20);
    expect(words(events)).toEqual(['available', 'disabled', 'unavailable']);
    await end(rig, session);
  });

  it('closes what was opened while the service was back unseen', async () => {
    const { rig, session } = await start();
    const events = follow(distributionStatus(session));
    await rig.settle();
    rig.fake.script('distribution.registerStatusChange').once({ delayMs: 20 });
    rig.fake.distribution.setStatus('disabled');
    await rig.clock.advance(5);
    rig.fake.distribution.setStatus('available');
    const content = await rig.run(openContent(session));
    rig.fake.distribution.setStatus('disabled');
    await rig.clock.advance(20);
    expect(content.state).toBe('invalidated');
    expect(events.at(-1)).toMatchObject({ status: 'disabled', invalidated: ['content'] });
    await end(rig, session);
  });

  it('closes handles before it tells anybody, in the reverse order of opening, slow closes included', async () => {
    const { rig, session } = await start();
    const content = await rig.run(openContent(session));
    const stream = await rig.run(openPublication(session, { contentId: 'a' }));
    rig.fake.script('distribution.closeContent').once({ delayMs: 30 });
    const states: string[] = [];
    distributionStatus(session).subscribe((event) => {
      if (event._tag === 'Status' && event.status !== 'available') {
        states.push(content.state, stream.state, ...event.invalidated);
      }
    });
    await rig.settle();
    rig.fake.distribution.setStatus('unavailable');
    await rig.clock.advance(20);
    expect(states).toEqual([]);
    await rig.clock.advance(20);
    expect(states).toEqual(['invalidated', 'invalidated', 'publication stream', 'content']);
    expect((await rig.failure(readContent(content, { maxBytes: 1 })))._tag).toBe('Invalidated');
    expect(session.state).toBe('open');
    await end(rig, session);
  });

  it('closes handles though nobody subscribes, and follows nothing once the last is gone', async () => {
    const { rig, session } = await start();
    expect(registrations(rig)).toBe(0);
    const content = await rig.run(openContent(session));
    await rig.settle();
    expect(registrations(rig)).toBe(1);
    rig.fake.distribution.setStatus('disabled');
    await rig.settle();
    expect(content.state).toBe('invalidated');
    expect(registrations(rig)).toBe(0);
    await end(rig, session);
  });

  it('voids what was still being opened at the drop', async () => {
    const { rig, session } = await start();
    follow(distributionStatus(session));
    await rig.settle();
    rig.fake.script('distribution.openContent').once({ delayMs: 30, ignoreAbort: true });
    const opening = rig.failure(openContent(session));
    await rig.clock.advance(10);
    rig.fake.distribution.setStatus('disabled');
    await rig.clock.advance(50);
    expect((await opening)._tag).toBe('Invalidated');
    await end(rig, session);
  });

  it('closes a handle whose use says that it is void', async () => {
    const { rig, session } = await start();
    const content = await rig.run(openContent(session));
    await rig.settle();
    // Down and up again before anybody looks.
    rig.fake.script('distribution.getStatusInfo').always({ delayMs: 1_000 });
    rig.fake.script('distribution.streamRead').fail('PEERDIST_ERROR_INVALIDATED');
    expect((await rig.failure(readContent(content, { maxBytes: 1 })))._tag).toBe('Invalidated');
    await content.closed;
    expect(content.state).toBe('invalidated');
    rig.fake.script('distribution.getStatusInfo').reset();
    await rig.clock.advance(1_000);
    await end(rig, session);
  });

  it.each(['distribution.registerStatusChange', 'distribution.getStatusInfo'] as const)(
    'tells a fault of %s as a value, backs off, and tells the status again after it',
    async (operation) => {
      const { rig, session } = await start();
      const events = follow(distributionStatus(session));
      await rig.settle();
      rig.fake.script(operation).failTimes(3, 'ERROR_NOT_ENOUGH_MEMORY');
      rig.fake.distribution.setStatus('disabled');
      await rig.clock.advance(10_000);
      const faults = events.filter((event) => event._tag === 'Fault');
      expect(faults.map(({ retryInMs }) => retryInMs)).toEqual([75, 150, 300]);
      expect(words(events).slice(0, 2)).toEqual(['available', 'disabled']);
      expect(words(events).at(-1)).toBe('disabled');
      expect(registrations(rig)).toBe(1);
      await end(rig, session);
    },
  );

  it('waits no longer than thirty seconds between two tries', async () => {
    const { rig, session } = await start();
    rig.fake.script('distribution.registerStatusChange').always({ fail: 'ERROR_NOT_ENOUGH_MEMORY' });
    const events = follow(distributionStatus(session));
    await rig.clock.advance(600_000);
    const waits = events.flatMap((event) => (event._tag === 'Fault' ? [event.retryInMs] : []));
    expect(Math.max(...waits)).toBe(22_500);
    // Closing ends the wait.
    await end(rig, session);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 8, 10])(
    'can be left and taken up again after %i microtasks',
    async (turns) => {
      const { rig, session } = await start();
      const shared$ = distributionStatus(session);
      for (let round = 0; round < 3; round += 1) {
        const subscription = shared$.subscribe();
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        subscription.unsubscribe();
      }
      const events = follow(shared$);
      await rig.settle();
      expect(words(events)).toEqual(['available']);
      expect(registrations(rig)).toBe(1);
      expect(rig.fake.ledger().maxStatusRegistrations).toBe(1);
      await end(rig, session);
    },
  );

  it('bears a subscriber that leaves, closes the session or opens a content when it is told', async () => {
    const { rig, session } = await start();
    const events = follow(distributionStatus(session));
    const left = follow(distributionStatus(session).pipe(take(1)));
    distributionStatus(session).subscribe((event) => {
      if (event._tag === 'Status' && event.status === 'available') void openContent(session)(rig.env)();
      if (event._tag === 'Status' && event.status === 'disabled') void session.close();
    });
    await rig.settle();
    rig.fake.distribution.setStatus('disabled');
    await session.closed;
    expect(words(left)).toEqual(['available']);
    expect(words(events)).toEqual(['available', 'disabled']);
    await end(rig, session);
  });

  it('completes with the session, and is an error of one that is closed', async () => {
    const { rig, session } = await start();
    let completed = false;
    distributionStatus(session).subscribe({ complete: () => (completed = true) });
    await session.close();
    expect(completed).toBe(true);
    await expect(firstValueFrom(distributionStatus(session))).rejects.toMatchObject({ _tag: 'HandleClosed' });
    await end(rig, session);
  });
});
