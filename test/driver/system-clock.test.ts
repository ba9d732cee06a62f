import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/driver/index.js';

const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('waits longer than Node by itself can', () => {
  const task = vi.fn();
  systemClock.schedule(49 * DAY_MS, task);
  vi.advanceTimersByTime(49 * DAY_MS - 1);
  expect(task).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(task).toHaveBeenCalledOnce();
});

it.each([1, 30])('is called off after %d days of it', (days) => {
  const task = vi.fn();
  const cancel = systemClock.schedule(49 * DAY_MS, task);
  vi.advanceTimersByTime(days * DAY_MS);
  cancel();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100 * DAY_MS);
  expect(task).not.toHaveBeenCalled();
});
