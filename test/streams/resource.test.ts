import { firstValueFrom, NEVER, of, type Subscription, take, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import {
  createGroup as createGroupEffect,
  createIdentity,
  getGroupStatus,
  liveHandleCount,
} from '../../src/effects/index.js';
import { createGroup, openSession } from '../../src/streams/index.js';
import { type Closeable, resource } from '../../src/streams/resource.js';
import { createRig } from '../effects/rig.js';

const marbles = (run: Parameters<TestScheduler['run']>[0]): void => {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
};

/** A handle that counts how often it is closed. */
const handle = (): Closeable & { readonly closes: () => number } => {
  let closes = 0;
  let settle!: () => void;
  const closed = new Promise<void>((resolve) => (settle = resolve));
  return {
    closed,
    close: () => {
      closes += 1;
      settle();
      return closed;
    },
    closes: () => closes,
  };
};

describe('resource', () => {
  it('opens one for each subscription, emits it and does not complete', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const h = handle();
      const opener$ = cold('--(h|)', { h });
      const resource$ = resource('open', () => opener$);
      expectObservable(resource$, '^----!').toBe('--h', { h });
      expectObservable(resource$, '---^---!').toBe('-----h', { h });
      expectSubscriptions(opener$.subscriptions).toBe(['^-!', '---^-!']);
    });
  });

  it('goes on listening to an opening that nobody wants any more, to close what it brings', () => {
    const h = handle();
    const signals: AbortSignal[] = [];
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const opener$ = cold('-----(h|)', { h });
      const resource$ = resource('open', (signal) => {
        signals.push(signal);
        return opener$;
      });
      expectObservable(resource$, '^--!').toBe('---');
      expectSubscriptions(opener$.subscriptions).toBe('^----!');
      flush();
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(h.closes()).toBe(1);
  });

  it('tells an error of the opening as a PeerError, and nobody of one that comes too late', () => {
    marbles(({ cold, expectObservable }) => {
      const broken$ = resource('open', () => cold<Closeable>('--#', {}, new RangeError('no')));
      const error = expect.objectContaining({ _tag: 'Defect', operation: 'open' });
      expectObservable(broken$).toBe('--#', {}, error);
      expectObservable(broken$, '^!').toBe('-');
      const throwing$ = resource('open', () => {
        throw new RangeError('at once');
      });
      expectObservable(throwing$).toBe('#', {}, error);
    });
  });

  it('closes a handle that comes synchronously and is left at once', () => {
    const h = handle();
    const seen: unknown[] = [];
    resource('open', () => of(h))
      .pipe(take(1))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([h]);
    expect(h.closes()).toBe(1);
  });

  it('completes when somebody else closes the handle, and closes it no second time by itself', async () => {
    const h = handle();
    const ended = new Promise<void>((resolve) => {
      resource('open', () => of(h)).subscribe({ complete: resolve });
    });
    await h.close();
    await ended;
    // Closing again is harmless for a handle, which answers the same promise.
    expect(h.closes()).toBe(2);
  });

  it('stays open while an opener that goes on emits more', () => {
    marbles(({ cold, expectObservable }) => {
      const [a, b] = [handle(), handle()];
      expectObservable(
        resource('open', () => cold('-ab', { a, b })),
        '^---!',
      ).toBe('-a', { a });
    });
  });

  it('waits for an opener as long as it takes', () => {
    marbles(({ expectObservable }) => {
      expectObservable(
        resource('open', () => NEVER),
        '^-----!',
      ).toBe('');
      expectObservable(resource('open', () => throwError(() => undefined))).toBe('#', {}, expect.anything());
    });
  });
});

describe('a cold group', () => {
  it('creates one for each subscription and closes each once, children first', async () => {
    const rig = createRig();
    const creatorPeerName = await rig.run(createIdentity());
    const group$ = createGroup({ creatorPeerName })(rig.env);
    expect(rig.fake.ledger().kinds.group.opened).toBe(0);
    const subscriptions: Subscription[] = [group$.subscribe(), group$.subscribe()];
    await rig.settle();
    expect(rig.fake.ledger().kinds.group).toMatchObject({ opened: 2, open: 2 });
    for (const subscription of subscriptions) subscription.unsubscribe();
    await rig.settle();
    expect(rig.fake.ledger().kinds.group).toMatchObject({ opened: 2, closed: 2 });
    expect(rig.fake.ledger().kinds.grouping).toMatchObject({ opened: 2, closed: 2 });
    expect(liveHandleCount()).toBe(0);
  });

  it('gives firstValueFrom a closed handle, which says so', async () => {
    const rig = createRig();
    const creatorPeerName = await rig.run(createIdentity());
    const group = await firstValueFrom(createGroup({ creatorPeerName })(rig.env));
    await group.closed;
    const before = rig.fake.calls.length;
    expect((await rig.failure(getGroupStatus(group)))._tag).toBe('HandleClosed');
    expect(rig.fake.calls.length).toBe(before);
    rig.fake.assertClean();
  });

  it.each([
    ['the creation', 'grouping.create'],
    ['going online', 'grouping.connect'],
    ['the startup', 'grouping.startup'],
  ] as const)('leaves nothing when it is left during %s', async (_, operation) => {
    for (const ignoreAbort of [false, true]) {
      const rig = createRig();
      const creatorPeerName = await rig.run(createIdentity());
      rig.fake.script(operation).once({ delayMs: 50, ignoreAbort });
      const seen: unknown[] = [];
      const subscription = createGroup({ creatorPeerName })(rig.env).subscribe((group) => seen.push(group));
      await rig.clock.advance(10);
      subscription.unsubscribe();
      await rig.clock.advance(100);
      expect(seen).toEqual([]);
      rig.fake.assertClean();
      expect(rig.clock.pending).toBe(0);
      expect(liveHandleCount()).toBe(0);
    }
  });

  it('leaves nothing when going online fails, and says why', async () => {
    const rig = createRig();
    const creatorPeerName = await rig.run(createIdentity());
    rig.fake.script('grouping.connect').fail('PEER_E_NO_CLOUD');
    rig.fake.script('grouping.close').once({ fail: 'E_FAIL', afterWork: true });
    const error = await rig.failure(createGroupEffect({ creatorPeerName }));
    expect(error).toMatchObject({ code: 'PEER_E_NO_CLOUD' });
    rig.fake.assertClean();
    // What closing complained of does not hide the reason.
    expect(rig.diagnostics).toMatchObject([{ _tag: 'CloseFailed', kind: 'group' }]);
  });
});

describe('a cold session', () => {
  it('is closed when the stream is left, and completes when somebody closes it', async () => {
    const rig = createRig();
    let completed = false;
    openSession()(rig.env).subscribe({
      next: (session) => void session.close(),
      complete: () => (completed = true),
    });
    await rig.settle();
    expect(completed).toBe(true);
    rig.fake.assertClean();
  });
});
