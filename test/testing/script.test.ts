import { describe, expect, it } from 'vitest';
import { isDriverFault, type DriverFault } from '../../src/driver/index.js';
import { createFakeDriver, createVirtualClock, type FakeDriver } from '../../src/testing/index.js';

const symbolOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => (isDriverFault(error) ? error.symbol : 'defect'),
  );

/** Answers to `count` calls, one after the other. */
const answers = async (fake: FakeDriver, count: number): Promise<readonly string[]> => {
  const symbols: string[] = [];
  for (let index = 0; index < count; index += 1) symbols.push(await symbolOf(fake.identity.create({})));
  return symbols;
};

describe('scripting the fake driver', () => {
  it('fails the next call with a code by name', async () => {
    const fake = createFakeDriver();
    fake.script('identity.create').fail('PEER_E_NO_KEY_ACCESS');
    const fault = await fake.identity.create({}).catch((error: unknown) => error as DriverFault);
    expect(fault).toMatchObject({
      space: 'hresult',
      number: 0x80630203,
      symbol: 'PEER_E_NO_KEY_ACCESS',
      operation: 'identity.create',
    });
    expect(await answers(fake, 1)).toEqual(['ok']);
  });

  it('wraps Win32 codes for grouping, and leaves them as they are for distribution', async () => {
    const fake = createFakeDriver();
    fake.script('grouping.startup').fail('ERROR_SERVICE_DEPENDENCY_FAIL');
    fake.script('distribution.startup').fail('ERROR_SERVICE_DEPENDENCY_FAIL');
    await expect(fake.grouping.startup()).rejects.toMatchObject({ space: 'hresult', number: 0x8007042c });
    await expect(fake.distribution.startup()).rejects.toMatchObject({ space: 'win32', number: 1068 });
  });

  it('fails with a bare number', async () => {
    const fake = createFakeDriver();
    fake.script('distribution.startup').fail(31_337);
    await expect(fake.distribution.startup()).rejects.toMatchObject({ number: 31_337, symbol: 'UNKNOWN' });
  });

  it('refuses, where the test writes it, a code that the family cannot answer', () => {
    const fake = createFakeDriver();
    expect(() => fake.script('distribution.startup').fail('PEER_E_NO_CLOUD')).toThrow(TypeError);
  });

  it('fails a number of times, the n-th call, or always', async () => {
    const fake = createFakeDriver();
    const script = fake.script('identity.create');
    script.failTimes(2, 'E_FAIL').on(4, { fail: 'E_HANDLE' });
    expect(await answers(fake, 5)).toEqual(['E_FAIL', 'E_FAIL', 'ok', 'E_HANDLE', 'ok']);
    script.always({ fail: 'E_UNEXPECTED' }).once({ fail: 'E_OUTOFMEMORY' });
    expect(await answers(fake, 3)).toEqual(['E_OUTOFMEMORY', 'E_UNEXPECTED', 'E_UNEXPECTED']);
    script.reset();
    expect(await answers(fake, 1)).toEqual(['ok']);
  });

  it('does the work before it fails, if told to', async () => {
    const fake = createFakeDriver();
    const session = await fake.distribution.startup();
    fake
      .script('distribution.shutdown')
      .once({ fail: 'PEERDIST_ERROR_SERVICE_UNAVAILABLE', afterWork: true });
    expect(await symbolOf(fake.distribution.shutdown(session))).toBe('PEERDIST_ERROR_SERVICE_UNAVAILABLE');
    fake.assertClean();
  });

  it('delays a call on the clock', async () => {
    const clock = createVirtualClock();
    const fake = createFakeDriver({ clock });
    fake.script('identity.create').once({ delayMs: 100 });
    let settled = false;
    const creating = fake.identity.create({}).then(() => {
      settled = true;
    });
    await clock.advance(99);
    expect(settled).toBe(false);
    expect(fake.ledger().pendingCalls).toHaveLength(1);
    await clock.advance(1);
    await creating;
    expect(clock.pending).toBe(0);
  });

  it('ends a delayed or hanging call by its signal, and leaves no timer', async () => {
    const clock = createVirtualClock();
    const fake = createFakeDriver({ clock });
    fake.script('identity.create').once({ delayMs: 100 }).hang();
    for (let index = 0; index < 2; index += 1) {
      const abort = new AbortController();
      const creating = symbolOf(fake.identity.create({}, { signal: abort.signal }));
      await clock.advance(1);
      abort.abort();
      expect(await creating).toBe('ERROR_OPERATION_ABORTED');
    }
    expect(clock.pending).toBe(0);
    fake.assertClean();
  });

  it('lets a result through that was on its way when the signal fired', async () => {
    const clock = createVirtualClock();
    const fake = createFakeDriver({ clock });
    fake.script('distribution.startup').once({ delayMs: 5 });
    const session = fake.distribution.startup();
    await clock.advance(5);
    fake.script('distribution.openContent').once({ delayMs: 5, ignoreAbort: true });
    const abort = new AbortController();
    const opening = fake.distribution.openContent(
      await session,
      { tag: new Uint8Array(16) },
      { signal: abort.signal },
    );
    abort.abort();
    await clock.advance(5);
    await fake.distribution.closeContent(await session, await opening);
    await fake.distribution.shutdown(await session);
    fake.assertClean();
  });

  it('ends hanging calls on a handle with the handle', async () => {
    const fake = createFakeDriver();
    const session = await fake.distribution.startup();
    const tag = new Uint8Array(16);
    const [closed, voided] = [
      await fake.distribution.openContent(session, { tag }),
      await fake.distribution.openContent(session, { tag }),
    ];
    fake.script('distribution.streamRead').times(2, { hang: true });
    const reads = [closed, voided].map((content) =>
      symbolOf(fake.distribution.streamRead(session, content, { maxBytes: 1 })),
    );
    await fake.distribution.closeContent(session, closed);
    fake.distribution.setStatus('disabled');
    expect(await Promise.all(reads)).toEqual(['ERROR_OPERATION_ABORTED', 'PEERDIST_ERROR_INVALIDATED']);
    await fake.distribution.closeContent(session, voided);
    await fake.distribution.shutdown(session);
    fake.assertClean();
  });

  it('ends what hangs when it is disposed of', async () => {
    const fake = createFakeDriver();
    fake.script('identity.create').hang();
    const creating = symbolOf(fake.identity.create({}));
    await fake.dispose();
    expect(await creating).toBe('ERROR_OPERATION_ABORTED');
  });

  it('does not let calls overlap that may not', async () => {
    const clock = createVirtualClock();
    const fake = createFakeDriver({ clock });
    const session = await fake.distribution.startup();
    const stream = await fake.distribution.publishStream(session, { contentId: Uint8Array.of(1) });
    fake.script('distribution.addToStream').once({ delayMs: 10 });
    const first = fake.distribution.addToStream(session, stream, Uint8Array.of(1));
    expect(await symbolOf(fake.distribution.addToStream(session, stream, Uint8Array.of(2)))).toBe(
      'ERROR_INVALID_PARAMETER',
    );
    await clock.advance(10);
    await first;
    await fake.distribution.addToStream(session, stream, Uint8Array.of(2));
    await fake.distribution.closeStream(session, stream);
    await fake.distribution.shutdown(session);
  });

  it('logs every call with its outcome', async () => {
    const fake = createFakeDriver();
    fake.script('identity.getDefault').fail('E_FAIL').hang();
    await symbolOf(fake.identity.getDefault());
    await fake.grouping.startup();
    const hanging = symbolOf(fake.identity.getDefault());
    expect(fake.calls).toEqual([
      { sequence: 1, operation: 'identity.getDefault', outcome: 'E_FAIL' },
      { sequence: 2, operation: 'grouping.startup', outcome: 'ok' },
      { sequence: 3, operation: 'identity.getDefault', outcome: 'pending' },
    ]);
    await fake.dispose();
    await hanging;
  });
});
