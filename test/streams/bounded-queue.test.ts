import fc from 'fast-check';
import { merge, of, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { boundedQueue, type Dropped, type Overflow, toAsyncIterable } from '../../src/streams/index.js';
import { OverflowBuffer } from '../../src/streams/overflow-buffer.js';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** Runs marbles with a scheduler on which a turn takes two frames. */
const marbles = (run: (helpers: Helpers, scheduler: SchedulerLike) => void): void => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) =>
    run(helpers, {
      now: () => scheduler.now(),
      schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T) =>
        scheduler.schedule(work, delay + 2, state),
    }),
  );
};

const lost = (count: number): Dropped => ({ _tag: 'Dropped', count });

const BAD_BOUNDS: readonly object[] = [
  { batch: 0 },
  { batch: -1 },
  { batch: Number.NaN },
  { capacity: 0 },
  { capacity: 'x' },
  { capacity: 2.5 },
  { overflow: 'drop-all' },
];

describe.each(BAD_BOUNDS)('a queue with %j', (bounds) => {
  it('is refused at once, as it would lose everything or never end', () => {
    const refusal = expect.objectContaining({ _tag: 'BadArgument' });
    expect(() => boundedQueue(bounds)).toThrow(refusal);
    expect(() => toAsyncIterable(of(1), bounds)).toThrow(refusal);
  });
});

describe('boundedQueue', () => {
  it('hands values on in batches with a turn between them', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = hot('-(abc)------d|');
      expectObservable(source$.pipe(boundedQueue({ batch: 1, scheduler }))).toBe('---a-b-c------(d|)');
      expectSubscriptions(source$.subscriptions).toBe('^------------!');
    });
  });

  it.each<[Overflow, string]>([
    ['drop-oldest', '---(Xef)'],
    ['drop-newest', '---(abX)'],
  ])('says by %s how many are missing, where they are missing', (overflow, expected) => {
    marbles(({ hot, expectObservable }, scheduler) => {
      const queued$ = hot('-(abcdef)').pipe(boundedQueue({ capacity: 2, overflow, scheduler }));
      expectObservable(queued$).toBe(expected, { a: 'a', b: 'b', e: 'e', f: 'f', X: lost(4) });
    });
  });

  it('keeps the place of a gap though others come after it', () => {
    marbles(({ hot, expectObservable }, scheduler) => {
      const source$ = merge(hot('(abcd)'), hot('---e'));
      const queued$ = source$.pipe(
        boundedQueue({ capacity: 3, overflow: 'drop-newest', batch: 1, scheduler }),
      );
      expectObservable(queued$).toBe('--a-b-c-X-e', { a: 'a', b: 'b', c: 'c', e: 'e', X: lost(1) });
    });
  });

  it.each(['#', '|'])('ends by %s after what was queued before', (end) => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = cold(`(ab${end})`);
      expectObservable(source$.pipe(boundedQueue({ batch: 1, scheduler }))).toBe(`--a-(b${end})`);
      expectSubscriptions(source$.subscriptions).toBe('(^!)');
    });
  });

  it('hands on nothing after unsubscribing, and leaves the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source$ = hot('(abc)');
      const unsubscribed = '---!';
      expectObservable(source$.pipe(boundedQueue({ batch: 1, scheduler })), unsubscribed).toBe('--a');
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });
});

describe('OverflowBuffer', () => {
  const step = fc.oneof(fc.constant('push' as const), fc.integer({ min: 1, max: 4 }));

  it.each<Overflow>(['drop-oldest', 'drop-newest'])(
    'accounts by %s for every value once, in order, within its capacity',
    (overflow) => {
      fc.assert(
        fc.property(fc.nat(5), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
          const buffer = new OverflowBuffer<number>(capacity, overflow);
          let pushed = 0;
          let expected = 0;
          const check = (taken: readonly (number | Dropped)[]): void => {
            for (const one of taken) {
              if (typeof one === 'number') expect(one).toBe(expected);
              expected += typeof one === 'number' ? 1 : one.count;
            }
          };
          for (const what of steps) {
            if (what !== 'push') check(buffer.take(what));
            else buffer.push(pushed++);
          }
          const rest = buffer.take(1_000);
          expect(rest.filter((one) => typeof one === 'number').length).toBeLessThanOrEqual(capacity);
          check(rest);
          expect(expected).toBe(pushed);
          expect(buffer.isEmpty).toBe(true);
        }),
      );
    },
  );

  it('loses the newest or the oldest, as told, over many rounds', () => {
    const oldest = new OverflowBuffer<number>(2_000, 'drop-oldest');
    const newest = new OverflowBuffer<number>(2_000, 'drop-newest');
    for (let value = 0; value < 10_000; value += 1) {
      oldest.push(value);
      newest.push(value);
    }
    expect(oldest.take(2)).toEqual([lost(8_000), 8_000]);
    expect(newest.take(2_001).slice(1_998)).toEqual([1_998, 1_999, lost(8_000)]);
  });
});
