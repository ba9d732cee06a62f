import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  createGroup,
  createIdentity,
  getDistributionStatus,
  getGroupStatus,
  liveHandleCount,
  openContent,
  openSession,
} from '../../src/effects/index.js';
import { distributionStatus, groupEvents } from '../../src/streams/index.js';
import { createRig, type Rig } from './rig.js';

/** How a stream ends, in words, and how many values it emits before. */
const follow = (stream$: Observable<unknown>): { values: number; end: string | undefined } => {
  const seen: ReturnType<typeof follow> = { values: 0, end: undefined };
  stream$.subscribe({
    next: () => (seen.values += 1),
    error: (error: unknown) => (seen.end = String(error)),
    complete: () => (seen.end = 'complete'),
  });
  return seen;
};

const expectNothingLeft = (rig: Rig): void => {
  expect(liveHandleCount()).toBe(0);
  expect(rig.clock.pending).toBe(0);
  expect(rig.diagnostics).toEqual([]);
};

describe('what is open when its driver is disposed of', () => {
  it('ends: a session with all below it, its status and whatever asks it', async () => {
    const rig = createRig();
    const session = await rig.run(openSession());
    const content = await rig.run(openContent(session));
    const status = follow(distributionStatus(session));
    await rig.settle();
    await rig.fake.dispose();
    await Promise.all([session.closed, content.closed]);
    expect(status).toEqual({ values: 1, end: 'complete' });
    const refused = await rig.failure(getDistributionStatus(session));
    expect(refused).toMatchObject({ _tag: 'HandleClosed', code: 'ERROR_INVALID_HANDLE' });
    expect(refused.message).toContain('the driver was disposed');
    expectNothingLeft(rig);
  });

  it('ends: a group with its events', async () => {
    const rig = createRig();
    const creatorPeerName = await rig.run(createIdentity());
    const group = await rig.run(createGroup({ creatorPeerName }, { connect: 'manual' }));
    const events = follow(groupEvents(group));
    await rig.settle();
    await rig.fake.dispose();
    await group.closed;
    await rig.settle();
    expect(events.end).toMatch(/complete|the driver was disposed/);
    expect(await rig.failure(getGroupStatus(group))).toMatchObject({ _tag: 'HandleClosed' });
    expectNothingLeft(rig);
  });

  it('is refused if it was on its way', async () => {
    const rig = createRig();
    rig.fake.script('distribution.startup').once({ delayMs: 50 });
    const opening = rig.failure(openSession());
    await rig.fake.dispose();
    expect(await opening).toMatchObject({ _tag: 'HandleClosed', operation: 'openSession' });
    expect(await rig.failure(openSession())).toMatchObject({ _tag: 'HandleClosed' });
    expectNothingLeft(rig);
  });
});
