import { describe, expect, test } from 'vitest';
import { Calls } from '../../../src/engine/grouping/calls.js';
import { Refusal } from '../../../src/engine/grouping/refusal.js';

const gate = <Value>() => {
  let open: (value: Value) => void = () => undefined;
  const opened = new Promise<Value>((resolve) => (open = resolve));
  return { opened, open };
};

describe('a call', () => {
  test.each([
    ['ENOSPC', 'PEER_E_DISK_FULL'],
    ['EDQUOT', 'PEER_E_DISK_FULL'],
    ['EACCES', 'ERROR_ACCESS_DENIED'],
    ['EPERM', 'ERROR_ACCESS_DENIED'],
    ['EROFS', 'ERROR_WRITE_PROTECT'],
    ['ENOTDIR', 'ERROR_FILE_NOT_FOUND'],
    ['ENOMEM', 'E_OUTOFMEMORY'],
    ['EIO', 'E_UNEXPECTED'],
  ])('turns the system error %s into %s and keeps it as the cause', async (code, symbol) => {
    const cause = Object.assign(new Error('no luck'), { code });
    const call = new Calls().perform('grouping.create', () => Promise.reject(cause));
    await expect(call).rejects.toMatchObject({
      operation: 'grouping.create',
      symbol,
      cause,
      reason: 'no luck',
    });
  });

  test('rejects with a fault also when the work throws at once', async () => {
    const call = new Calls().perform('x', () => {
      throw new Refusal('E_INVALIDARG', 'why');
    });
    await expect(call).rejects.toMatchObject({ name: 'DriverFault', symbol: 'E_INVALIDARG', reason: 'why' });
  });

  test('that is aborted hands its late result to the one who closes it', async () => {
    const calls = new Calls();
    const abort = new AbortController();
    const { opened, open } = gate<number>();
    const late: number[] = [];
    const call = calls.perform(
      'x',
      () => opened,
      { signal: abort.signal },
      (value) => late.push(value),
    );
    abort.abort();
    await expect(call).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    open(7);
    await calls.end();
    expect(late).toEqual([7]);
  });

  test('that has its result keeps it when it is aborted afterwards', async () => {
    const abort = new AbortController();
    const late: number[] = [];
    const call = new Calls().perform(
      'x',
      () => 7,
      { signal: abort.signal },
      (value) => late.push(value),
    );
    expect(await call).toBe(7);
    abort.abort();
    await Promise.resolve();
    expect(late).toEqual([]);
  });
});
