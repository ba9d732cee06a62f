import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createVirtualClock, VIRTUAL_EPOCH } from '../../src/testing/index.js';

describe('virtual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = createVirtualClock();
    expect(clock.now()).toBe(VIRTUAL_EPOCH);
    let ran = false;
    clock.schedule(10, () => {
      ran = true;
    });
    await clock.advance(9);
    expect(ran).toBe(false);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(ran).toBe(true);
    expect(clock.pending).toBe(0);
    expect(clock.now()).toBe(VIRTUAL_EPOCH + 10);
  });

  it('shows every task the time that it was due', async () => {
    const clock = createVirtualClock(0);
    const times: number[] = [];
    for (const ms of [30, 10, 20]) clock.schedule(ms, () => times.push(clock.now()));
    await clock.advance(100);
    expect(times).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(100);
  });

  it('lets promise chains settle, so that what they schedule still runs in time', async () => {
    const clock = createVirtualClock(0);
    const times: number[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.schedule(ms, resolve));
    const chain = async (): Promise<void> => {
      for (let index = 0; index < 4; index += 1) {
        await sleep(10);
        await Promise.resolve();
        times.push(clock.now());
      }
    };
    const done = chain();
    await clock.advance(40);
    await done;
    expect(times).toEqual([10, 20, 30, 40]);
  });

  it('does not run what was cancelled, also by an earlier task, also twice', async () => {
    const clock = createVirtualClock(0);
    const ran: string[] = [];
    const cancel = clock.schedule(20, () => ran.push('cancelled'));
    clock.schedule(10, () => {
      cancel();
      cancel();
    });
    clock.schedule(20, () => ran.push('kept'));
    await clock.advance(20);
    expect(ran).toEqual(['kept']);
  });

  test.prop([fc.array(fc.nat(50), { maxLength: 20 }), fc.array(fc.nat(30), { maxLength: 5 })], {
    numRuns: 30,
  })('runs tasks by time, then in the order of scheduling, however it is moved', async (delays, steps) => {
    const clock = createVirtualClock(0);
    const ran: number[] = [];
    delays.forEach((ms, index) => clock.schedule(ms, () => ran.push(index)));
    for (const step of steps) await clock.advance(step);
    const reached = steps.reduce((sum, step) => sum + step, 0);
    const expected = delays
      .map((ms, index) => ({ ms, index }))
      .filter(({ ms }) => steps.length > 0 && ms <= reached)
      .sort((left, right) => left.ms - right.ms || left.index - right.index)
      .map(({ index }) => index);
    expect(ran).toEqual(expected);
    expect(clock.pending).toBe(delays.length - expected.length);
  });
});
