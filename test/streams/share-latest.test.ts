import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { shareLatest, toEither } from '../../src/streams/index.js';

const marbles = (run: Parameters<TestScheduler['run']>[0]): void => {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
};

describe('shareLatest', () => {
  it('subscribes once for many, and tells a late one the latest value at once', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('  -a-b---c---');
      const shared$ = source$.pipe(shareLatest());
      expectObservable(shared$, '^---------!').toBe('-a-b---c---');
      expectObservable(shared$, '----^-----!').toBe('----b--c---');
      expectObservable(shared$, '-----^--!').toBe('  -----b-c');
      expectSubscriptions(source$.subscriptions).toBe('^---------!');
    });
  });

  it('forgets the latest value and starts anew once the last one has left', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(' -a-b-----');
      const shared$ = source$.pipe(shareLatest());
      expectObservable(shared$, '^---!').toBe('        -a-b');
      expectObservable(shared$, '------^---!').toBe('  -------a-b');
      expectSubscriptions(source$.subscriptions).toBe(['^---!', '------^---!']);
    });
  });

  it('keeps the source for the grace period, and lets go of it after', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(' -a-------b------------------');
      const shared$ = source$.pipe(shareLatest({ graceMs: 5 }));
      expectObservable(shared$, '^--!').toBe('-a');
      expectObservable(shared$, '------^---!').toBe('------a--b');
      expectObservable(shared$, '--------------------^--!').toBe('---------------------a');
      expectSubscriptions(source$.subscriptions).toBe(['^--------------!', '--------------------^-------!']);
    });
  });

  it.each(['#', '|'])('starts anew after an end by %s', (end) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(`-a-${end}`);
      const shared$ = source$.pipe(shareLatest({ graceMs: 100 }));
      expectObservable(shared$).toBe(`-a-${end}`);
      expectObservable(shared$, '-----^').toBe(`------a-${end}`);
      expectSubscriptions(source$.subscriptions).toBe(['^--!', '-----^--!']);
    });
  });

  it('ends for all at once', () => {
    marbles(({ cold, expectObservable }) => {
      const shared$ = cold('-a--#').pipe(shareLatest());
      expectObservable(shared$).toBe('-a--#');
      expectObservable(shared$, '--^').toBe('--a-#');
    });
  });
});

describe('toEither', () => {
  it('turns an error into a last Left and leaves the source then', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('-a-#', { a: 1 }, new RangeError('no'));
      expectObservable(source$.pipe(toEither())).toBe('-a-(b|)', {
        a: { _tag: 'Right', right: 1 },
        b: expect.objectContaining({ _tag: 'Left', left: expect.objectContaining({ _tag: 'Defect' }) }),
      });
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });

  it('completes with the source', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-|').pipe(toEither())).toBe('-|');
    });
  });
});
