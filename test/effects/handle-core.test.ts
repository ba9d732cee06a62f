import { describe, expect, it } from 'vitest';
import { HandleCore, type HandleSpec } from '../../src/effects/handle-core.js';
import { liveHandleCount } from '../../src/effects/index.js';
import { createRig } from './rig.js';

/** Opens and closes by hand, and writes down the order. */
const world = () => {
  const rig = createRig();
  const log: string[] = [];
  const spec = (name: string, more: Partial<HandleSpec<string>> = {}): HandleSpec<string> => ({
    kind: name,
    operation: `open ${name}`,
    env: rig.env,
    open: async () => name,
    close: async () => void log.push(`close ${name}`),
    ...more,
  });
  return {
    rig,
    log,
    spec,
    open: (name: string, more?: Partial<HandleSpec<string>>) => HandleCore.open(spec(name, more)),
  };
};

/** A promise that is settled from outside. */
const gate = () => {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe('HandleCore', () => {
  it('closes children first, last-in first-out, then itself, once', async () => {
    const { log, open } = world();
    const parent = await open('parent');
    const a = await open('a', { parent });
    await open('b', { parent });
    await open('a.a', { parent: a });
    await Promise.all([parent.close(), parent.close(), a.close()]);
    expect(log).toEqual(['close b', 'close a.a', 'close a', 'close parent']);
    expect(liveHandleCount()).toBe(0);
  });

  it('runs cleanups last-in first-out before children close, and goes on when one throws', async () => {
    const { log, open, rig } = world();
    const parent = await open('parent');
    await open('child', { parent });
    parent.onClose(() => log.push('first'));
    parent.onClose(() => {
      throw new Error('a cleanup of somebody else');
    });
    const takenBack = parent.onClose(() => log.push('taken back'));
    parent.onClose(() => log.push('last'));
    takenBack();
    await parent.close();
    expect(log).toEqual(['last', 'first', 'close child', 'close parent']);
    expect(rig.diagnostics).toMatchObject([{ _tag: 'CloseFailed', kind: 'parent' }]);
    // Too late to wait for: it is done at once.
    parent.onClose(() => log.push('late'));
    expect(log.at(-1)).toBe('late');
  });

  it('closes what arrives after its parent gave up, before the parent', async () => {
    const { log, open } = world();
    const arrival = gate();
    const parent = await open('parent');
    const child = open('child', { parent, open: () => arrival.opened.then(() => 'raw') });
    const closed = parent.close();
    arrival.open();
    await expect(child).rejects.toMatchObject({ _tag: 'HandleClosed' });
    await closed;
    expect(log).toEqual(['close child', 'close parent']);
  });

  it('tells calls under way to end and closes after they have, whatever they answer', async () => {
    const { log, open } = world();
    const deaf = gate();
    const core = await open('a');
    const prompt = core.use('prompt', (_raw, signal) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      }).finally(() => log.push('prompt ended')),
    );
    const late = core.use('late', () => deaf.opened.then(() => log.push('late ended')));
    const outcomes = Promise.allSettled([prompt, late]);
    const closed = core.close();
    await new Promise(setImmediate);
    expect(log).toEqual(['prompt ended']);
    await expect(core.use('another', async () => undefined)).rejects.toMatchObject({ _tag: 'HandleClosed' });
    deaf.open();
    await closed;
    expect(log).toEqual(['prompt ended', 'late ended', 'close a']);
    expect(await outcomes).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled' }]);
  });

  it('answers Cancelled when its opening was aborted, also if the driver gives another reason', async () => {
    const { log, open } = world();
    const controller = new AbortController();
    const failing = open('a', {
      signal: controller.signal,
      open: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('whatever')))),
    });
    const arriving = open('b', {
      signal: controller.signal,
      open: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('raw'))),
    });
    controller.abort();
    await expect(failing).rejects.toMatchObject({ _tag: 'Cancelled' });
    await expect(arriving).rejects.toMatchObject({ _tag: 'Cancelled' });
    await expect(open('c', { signal: controller.signal })).rejects.toMatchObject({ _tag: 'Cancelled' });
    expect(log).toEqual(['close b']);
    expect(liveHandleCount()).toBe(0);
  });

  it('survives an opening that closes its own owner', async () => {
    const { log, open } = world();
    const parent = await open('parent');
    const child = open('child', {
      parent,
      open: () => {
        void parent.close();
        return Promise.resolve('raw');
      },
    });
    await expect(child).rejects.toMatchObject({ _tag: 'HandleClosed' });
    await parent.closed;
    expect(log).toEqual(['close child', 'close parent']);
  });

  it('opens nothing below a handle that closes', async () => {
    const { open } = world();
    const parent = await open('parent');
    const refused: Promise<unknown>[] = [];
    parent.onClose(() => refused.push(open('child', { parent })));
    await parent.close();
    await expect(refused[0]).rejects.toMatchObject({ _tag: 'HandleClosed' });
  });

  it('counts as closed when closing fails, and reports it', async () => {
    const { open, rig } = world();
    const core = await open('broken', { close: () => Promise.reject(new Error('no')) });
    await core.close();
    expect(core.state).toBe('closed');
    expect(rig.diagnostics).toMatchObject([
      { _tag: 'CloseFailed', kind: 'broken', error: { operation: 'close broken' } },
    ]);
    expect(liveHandleCount()).toBe(0);
  });

  it('ends calls in flight and refuses later ones without calling', async () => {
    const { open } = world();
    const core = await open('handle');
    const call = core.use(
      'work',
      (_, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    void core.close();
    await expect(call).rejects.toMatchObject({ _tag: 'Defect' });
    let called = false;
    const late = core.use('work', async () => (called = true));
    await expect(late).rejects.toMatchObject({ _tag: 'HandleClosed', operation: 'work' });
    expect(called).toBe(false);
    await core.closed;
  });

  it('voids children of some kinds only, and names those that this closed', async () => {
    const { open } = world();
    const parent = await open('parent');
    const [a, b, c] = [await open('a', { parent }), await open('b', { parent }), await open('a', { parent })];
    void c.close();
    expect(await parent.invalidateChildren(new Set(['a']))).toEqual([a]);
    expect([a.state, b.state, c.state]).toEqual(['invalidated', 'open', 'closed']);
    await expect(a.use('read', async () => 1)).rejects.toMatchObject({ _tag: 'Invalidated' });
    await parent.close();
  });

  it('lets go at exit without waiting, children first', async () => {
    const { open, log } = world();
    const parent = await open('parent', { settle: () => new Promise(() => undefined) });
    await open('child', { parent });
    parent.closeAtExit();
    expect(log).toEqual(['close child', 'close parent']);
  });

  it('tells the reason of the signal that cancelled as the cause, before, while it opens, and of a call', async () => {
    const { open } = world();
    const reason = new Error('the user pressed stop');
    const isTold = { _tag: 'Cancelled', cause: reason };
    await expect(open('early', { signal: AbortSignal.abort(reason) })).rejects.toMatchObject(isTold);
    const stop = new AbortController();
    const { open: answer, opened } = gate();
    const opening = open('late', { signal: stop.signal, open: () => opened.then(() => 'late') });
    stop.abort(reason);
    answer();
    await expect(opening).rejects.toMatchObject(isTold);
    const core = await open('used');
    const call = core.use('call', () => Promise.resolve(), AbortSignal.abort(reason));
    await expect(call).rejects.toMatchObject(isTold);
    await core.close();
  });
});
