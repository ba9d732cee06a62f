import { NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { toAsyncIterable } from '../../src/streams/index.js';

const collect = async <T>(values: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
};

describe('toAsyncIterable', () => {
  it('yields what the stream emits and ends with it', async () => {
    expect(await collect(toAsyncIterable(of(1, 2, 3)))).toEqual([1, 2, 3]);
  });

  it('throws the error after what came before it', async () => {
    const seen: number[] = [];
    const values = toAsyncIterable(
      new Observable<number>((subscriber) => {
        subscriber.next(1);
        subscriber.error(new RangeError('no'));
      }),
    );
    await expect(
      (async () => {
        for await (const value of values) seen.push(value as number);
      })(),
    ).rejects.toThrow(RangeError);
    expect(seen).toEqual([1]);
    await expect(collect(toAsyncIterable(throwError(() => undefined)))).rejects.toBeUndefined();
  });

  it('drops what is not taken, and says where', async () => {
    expect(await collect(toAsyncIterable(of(1, 2, 3, 4), { capacity: 2 }))).toEqual([
      { _tag: 'Dropped', count: 2 },
      3,
      4,
    ]);
    const newest = toAsyncIterable(of(1, 2, 3, 4), { capacity: 2, overflow: 'drop-newest' });
    expect(await collect(newest)).toEqual([1, 2, { _tag: 'Dropped', count: 2 }]);
  });

  it('unsubscribes when the loop is left', async () => {
    const source$ = new Subject<number>();
    const loop = (async () => {
      for await (const value of toAsyncIterable(source$)) if (value === 2) return;
    })();
    source$.next(1);
    source$.next(2);
    await loop;
    expect(source$.observed).toBe(false);
  });

  it('answers a return at once although a next is waiting for a value that never comes', async () => {
    let left = false;
    const values = toAsyncIterable(new Observable(() => () => (left = true)));
    const waiting = values.next();
    await values.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(left).toBe(true);
  });

  it('subscribes to nothing before the first value is asked for', async () => {
    let subscribed = false;
    const values = toAsyncIterable(new Observable(() => void (subscribed = true)));
    expect(subscribed).toBe(false);
    await values.return();
    expect(subscribed).toBe(false);
    await toAsyncIterable(NEVER).return();
  });
});
