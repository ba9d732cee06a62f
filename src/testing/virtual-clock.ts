import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../driver/index.js';

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves the time by `ms` and runs what falls due on the way, in order of time and then of scheduling. Promise chains
   * settle before, between and after the tasks, so a task scheduled by such a chain is still run when it is due.
   */
  advance(ms: number): Promise<void>;
  /** How many tasks wait for their time. */
  readonly pending: number;
}

interface Task {
  readonly due: number;
  readonly run: () => void;
}

/** 2026-01-01T00:00:00Z: any fixed moment will do, as long as certificates and records can lie on both sides of it. */
export const VIRTUAL_EPOCH = 1_767_225_600_000;

/**
 * Makes a clock that only {@link VirtualClock.advance} moves: for `clock` of a fake driver and of an environment.
 *
 * Nothing falls due by itself, so a test neither waits nor depends on the speed of the machine.
 *
 * @param start Milliseconds since 1970, UTC.
 *
 * @example
 * ```ts
 * import { createVirtualClock } from 'peerweave/testing';
 *
 * const clock = createVirtualClock();
 * clock.schedule(1_000, () => console.log('a second later'));
 * await clock.advance(999); // nothing
 * await clock.advance(1); // a second later
 * console.log(clock.pending); // 0
 * ```
 */
export const createVirtualClock = (start: number = VIRTUAL_EPOCH): VirtualClock => {
  const tasks = new Set<Task>();
  let now = start;

  const nextDueBy = (limit: number): Task | undefined => {
    let next: Task | undefined;
    for (const task of tasks)
      if (task.due <= limit && (next === undefined || task.due < next.due)) next = task;
    return next;
  };

  return {
    now: () => now,
    schedule: (ms, run) => {
      const task: Task = { due: now + Math.max(0, ms), run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    advance: async (ms) => {
      const target = now + ms;
      await nextTurn();
      for (let task = nextDueBy(target); task !== undefined; task = nextDueBy(target)) {
        tasks.delete(task);
        now = task.due;
        task.run();
        await nextTurn();
      }
      now = target;
    },
    get pending() {
      return tasks.size;
    },
  };
};
