import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { DistributionEvent } from '../../src/driver/index.js';
import { createGroup, createIdentity, DISTRIBUTION_CHANNEL, openSession } from '../../src/effects/index.js';
import { createPeerweave, distributionEvents, publish, retrieve } from '../../src/streams/index.js';
import { createRig, publishing } from '../effects/rig.js';

describe('distributionEvents', () => {
  it('tells all subscribers what the service does, and completes with the session', async () => {
    const rig = createRig();
    const session = await rig.run(openSession());
    const events$ = distributionEvents(session);
    const told = [lastValueFrom(events$.pipe(toArray())), lastValueFrom(events$.pipe(toArray()))];
    await lastValueFrom(publish(Buffer.from('abc'), { session }));
    await session.close();
    for (const events of await Promise.all(told))
      expect(events).toMatchObject([{ _tag: 'SegmentPublished', bytes: 3 }]);
    rig.fake.assertClean();
  });

  it('is an error of a session that is closed', async () => {
    const rig = createRig();
    const session = await rig.run(openSession());
    await session.close();
    await expect(firstValueFrom(distributionEvents(session))).rejects.toMatchObject({ _tag: 'HandleClosed' });
  });

  it('stops observing once, with the last subscriber or the last step of a transfer', async () => {
    const rig = createRig();
    const observe = rig.fake.distribution.observe.bind(rig.fake.distribution);
    const cancels: number[] = [];
    rig.fake.distribution.observe = (session, listener) => {
      const index = cancels.push(0) - 1;
      const cancel = observe(session, listener);
      return () => {
        cancels[index] = (cancels[index] ?? 0) + 1;
        cancel();
      };
    };
    const { session, information } = await publishing(rig, Buffer.from('abc'));
    distributionEvents(session).subscribe().unsubscribe();
    await lastValueFrom(retrieve(information, { session }));
    // The first is the session's own, for the diagnostics channel.
    expect(cancels).toEqual([0, 1, 1]);
    await session.close();
    // Closing has nothing else to stop.
    expect(cancels).toEqual([1, 1, 1]);
  });
});

describe('the diagnostics channel', () => {
  it('has every event once, from all sessions, and only while somebody listens', async () => {
    const rig = createRig();
    const session = await rig.run(openSession());
    const sessions = [session, await rig.run(openSession())];
    const seen: unknown[] = [];
    const told: DistributionEvent[] = [];
    const listener = (event: unknown): void => void seen.push(event);
    const { information } = await publishing(rig, Buffer.from('abc'));
    for (const one of sessions) distributionEvents(one).subscribe((event) => told.push(event));
    subscribe(DISTRIBUTION_CHANNEL, listener);
    await lastValueFrom(retrieve(information, { session }));
    unsubscribe(DISTRIBUTION_CHANNEL, listener);
    await lastValueFrom(retrieve(information, { session }));
    // Serving concerns both sessions, and is told in both.
    expect(told.filter(({ _tag }) => _tag === 'BlockResponseSent')).toHaveLength(2);
    expect(seen.filter((event) => (event as DistributionEvent)._tag === 'BlockResponseSent')).toHaveLength(1);
    const last = seen.at(-1);
    expect(last).toMatchObject({ _tag: 'SourceChosen', source: 'peer' });
    expect(told).toContain(last);
    expect(told.at(-1)).toMatchObject({ _tag: 'SourceChosen', source: 'cache' });
    for (const one of sessions) await one.close();
  });
});

describe('diagnostics$', () => {
  it('tells what nobody else is told', async () => {
    const rig = createRig();
    const { diagnostics$ } = createPeerweave(rig.env);
    const creatorPeerName = await rig.run(createIdentity());
    const group = await rig.run(createGroup({ creatorPeerName }));
    const told = firstValueFrom(diagnostics$);
    rig.fake.script('grouping.close').once({ fail: 'E_FAIL', afterWork: true });
    await group.close();
    expect(await told).toMatchObject({ _tag: 'CloseFailed', kind: 'group', error: { code: 'E_FAIL' } });
  });
});
