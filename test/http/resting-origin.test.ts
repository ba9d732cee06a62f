import { expect, it } from 'vitest';
import { createEnv } from '../../src/effects/index.js';
import { Origin, originOf } from '../../src/http/client/origin.js';
import { LONGEST_REST_MS, RestingOrigin } from '../../src/http/client/resting-origin.js';
import { createFakeDriver, createVirtualClock } from '../../src/testing/index.js';
import { collect } from './support.js';

const RANGE = { offset: 0, end: 10 };
const SIGNAL = new AbortController().signal;

/** An origin that takes so many milliseconds for what it answers. */
const originThat = (answer: () => { readonly afterMs: number; readonly status: number }) => {
  const clock = createVirtualClock();
  let asked = 0;
  const fetch = (): Promise<Response> => {
    asked += 1;
    const { afterMs, status } = answer();
    const headers = { 'content-range': 'bytes 0-9/10' };
    return new Promise((resolve) =>
      clock.schedule(afterMs, () =>
        resolve(new Response(status === 206 ? 'x'.repeat(10) : '', { status, headers })),
      ),
    );
  };
  const origin = new Origin({ ...originOf('http://127.0.0.1/', {}), fetch, stallMs: 900_000, clock });
  const env = createEnv({ driver: createFakeDriver(), clock });
  const resting = new RestingOrigin(origin, { validator: undefined, length: 10 }, env);
  /** Reads it all, and lets the time pass that this takes. */
  const read = async (insists: boolean): Promise<number> => {
    const state = { isDone: false };
    const done = collect(resting.read(RANGE, insists, SIGNAL)).finally(() => (state.isDone = true));
    done.catch(() => undefined);
    while (!state.isDone) await clock.advance(100);
    return (await done).reduce((sum, { length }) => sum + length, 0);
  };
  return { clock, resting, read, asked: () => asked };
};

it('gets one attempt where others can be asked, and several where not', async () => {
  const { read, asked } = originThat(() => ({ afterMs: 0, status: 503 }));
  await expect(read(false)).rejects.toMatchObject({ code: 'HTTP_503' });
  expect(asked()).toBe(1);
  await expect(read(true)).rejects.toMatchObject({ code: 'HTTP_503' });
  expect(asked()).toBe(7);
});

it('rests ten times as long as it took to fail', async () => {
  const { clock, resting, read } = originThat(() => ({ afterMs: 1_000, status: 503 }));
  expect(resting.rests).toBe(false);
  await expect(read(false)).rejects.toThrow();
  expect(resting.rests).toBe(true);
  await clock.advance(9_800);
  expect(resting.rests).toBe(true);
  await clock.advance(300);
  expect(resting.rests).toBe(false);
});

it('rests five minutes at most', async () => {
  const { clock, resting, read } = originThat(() => ({ afterMs: 600_000, status: 503 }));
  await expect(read(false)).rejects.toThrow();
  expect(resting.rests).toBe(true);
  await clock.advance(LONGEST_REST_MS);
  expect(resting.rests).toBe(false);
});

it('rests no more when it has delivered', async () => {
  let status = 503;
  const { resting, read } = originThat(() => ({ afterMs: 1_000, status }));
  await expect(read(false)).rejects.toThrow();
  expect(resting.rests).toBe(true);
  status = 206;
  await expect(read(true)).resolves.toBe(10);
  expect(resting.rests).toBe(false);
});
