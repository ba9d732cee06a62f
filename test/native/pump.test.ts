import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Pump, type WaitCalls } from '../../src/native/pump.js';
import { SharedEvent } from '../../src/native/shared-event.js';

/** kernel32 as far as waiting goes, with no threads: a wait ends when an event of it is set, or when it is told to. */
class Kernel implements WaitCalls {
  readonly open = new Set<bigint>();
  readonly signalled = new Set<bigint>();
  waits = 0;
  waiting: readonly bigint[] = [];
  #last = 0n;
  #end: ((index: number | undefined) => void) | undefined;

  createEvent(): bigint {
    if (this.broken) throw new Error('no event');
    this.open.add(++this.#last);
    return this.#last;
  }

  /** What the next calls are to answer instead of doing anything. */
  broken = false;

  setEvent(event: bigint): boolean {
    if (this.broken) return false;
    this.signalled.add(event);
    const index = this.waiting.indexOf(event);
    if (index >= 0) this.finish(index);
    return true;
  }

  closeHandle(handle: bigint): void {
    if (this.waiting.includes(handle)) throw new Error('closed while a wait refers to it');
    if (!this.open.delete(handle)) throw new Error('closed twice');
  }

  takeSignal(event: bigint): boolean {
    return this.signalled.delete(event);
  }

  async wait(events: readonly bigint[]): Promise<number | undefined> {
    if (this.waiting.length > 0) throw new Error('a second wait');
    if (events.length > 64) throw new Error('more than MAXIMUM_WAIT_OBJECTS');
    this.waits++;
    this.waiting = events;
    return new Promise((resolve) => {
      this.#end = resolve;
      const ready = events.findIndex((event) => this.signalled.has(event));
      if (ready >= 0) this.finish(ready);
    });
  }

  /** Ends the wait, for `undefined` as its time slice does. */
  finish(index: number | undefined): void {
    if (index !== undefined) this.signalled.delete(this.waiting[index] ?? 0n);
    this.waiting = [];
    this.#end?.(index);
  }
}

describe('the pump', () => {
  it('waits only while there is a source, once for all of them', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    expect(pump.active).toBe(false);
    const heard: string[] = [];
    const [first, second] = [kernel.createEvent(), kernel.createEvent()];
    pump.add(first, () => heard.push('first'));
    pump.add(second, () => heard.push('second'));
    await turn();
    kernel.setEvent(second);
    await turn();
    kernel.setEvent(first);
    await turn();
    expect(heard).toEqual(['second', 'first']);
    await pump.remove(first);
    await pump.remove(second);
    expect(pump.active).toBe(false);
    expect([...kernel.open]).toEqual([first, second]);
    expect(kernel.waiting).toEqual([]);
  });

  it('hears every event that was set before the thread woke, and one set while the listeners run', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    const events = [1, 2, 3].map(() => kernel.createEvent());
    const heard: bigint[] = [];
    for (const event of events)
      pump.add(event, () => {
        heard.push(event);
        if (heard.length === 1) kernel.setEvent(event);
      });
    await turn();
    for (const event of events) kernel.setEvent(event);
    await turn();
    await turn();
    expect(heard.filter((event) => event === events[0])).toHaveLength(2);
    expect(new Set(heard)).toEqual(new Set(events));
    for (const event of events) await pump.remove(event);
  });

  it('goes on after a slice without a signal', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    const event = kernel.createEvent();
    let heard = 0;
    pump.add(event, () => heard++);
    await turn();
    for (let slice = 0; slice < 3; slice++) {
      kernel.finish(undefined);
      await turn();
    }
    expect(heard).toBe(0);
    kernel.setEvent(event);
    await turn();
    expect(heard).toBe(1);
    await pump.remove(event);
  });

  it('takes 63 events and says what to do with more', () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    for (let index = 0; index < 63; index++) pump.add(kernel.createEvent(), () => undefined);
    expect(() => pump.add(kernel.createEvent(), () => undefined)).toThrow(/share one/);
  });

  it('wakes its thread when the process exits', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    const before = process.listenerCount('exit');
    const event = kernel.createEvent();
    pump.add(event, () => undefined);
    await turn();
    expect(process.listenerCount('exit')).toBe(before + 1);
    await pump.remove(event);
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('keeps nothing of a source that it could not take', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    const before = process.listenerCount('exit');
    const event = kernel.createEvent();
    kernel.broken = true;
    expect(() => pump.add(event, () => undefined)).toThrow('no event');
    expect(pump.active).toBe(false);
    expect(process.listenerCount('exit')).toBe(before);
    kernel.broken = false;
    let heard = 0;
    pump.add(event, () => heard++);
    await turn();
    kernel.setEvent(event);
    await turn();
    expect(heard).toBe(1);
    await pump.remove(event);
    expect([...kernel.open]).toEqual([event]);
  });

  it('lets its sources look for themselves while it cannot wait', async () => {
    const kernel = new Kernel();
    const pump = new Pump(kernel);
    const event = kernel.createEvent();
    kernel.wait = async () => {
      throw new Error('no wait');
    };
    const warned = once(process, 'warning');
    await new Promise<void>((resolve) => pump.add(event, resolve));
    expect(String(await warned)).toContain('no wait');
    await pump.remove(event);
    expect([...kernel.open]).toEqual([event]);
  });
});

describe('a shared event', () => {
  it('is heard although it cannot be set', async () => {
    const kernel = new Kernel();
    const shared = new SharedEvent(new Pump(kernel), kernel);
    let heard = 0;
    const listening = shared.listen(() => heard++);
    await turn();
    kernel.broken = true;
    shared.signal();
    await turn();
    expect(heard).toBe(1);
    kernel.broken = false;
    await listening.leave();
    await shared.dispose();
    expect(kernel.open.size).toBe(0);
  });

  it('is heard by everybody although one listener throws, which the process is told', async () => {
    const kernel = new Kernel();
    const shared = new SharedEvent(new Pump(kernel), kernel);
    let heard = 0;
    const leaving = [
      shared.listen(() => {
        throw new Error('not my fault');
      }),
      shared.listen(() => heard++),
    ];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const told = once(process, 'uncaughtException');
    await turn();
    shared.signal();
    const [error] = (await told) as readonly unknown[];
    for (const listener of others) process.on('uncaughtException', listener);
    expect(String(error)).toContain('not my fault');
    expect(heard).toBe(1);
    await Promise.all(leaving.map((listening) => listening.leave()));
    await shared.dispose();
  });

  it('stays open once it is to be kept', async () => {
    const kernel = new Kernel();
    const shared = new SharedEvent(new Pump(kernel), kernel);
    const { event } = shared.listen(() => undefined);
    shared.keep();
    await shared.dispose();
    expect([...kernel.open]).toEqual([event]);
    await shared.listen(() => undefined).leave();
    await shared.dispose();
    expect([...kernel.open]).toEqual([event]);
  });

  it('serves any number of listeners and is closed once', async () => {
    const kernel = new Kernel();
    const shared = new SharedEvent(new Pump(kernel), kernel);
    let heard = 0;
    const all = Array.from({ length: 1_000 }, () => shared.listen(() => heard++));
    expect(new Set(all.map(({ event }) => event)).size).toBe(1);
    await turn();
    shared.signal();
    await turn();
    expect(heard).toBe(1_000);
    await Promise.all(all.map((listening) => listening.leave()));
    shared.signal();
    await turn();
    expect(heard).toBe(1_000);
    await shared.dispose();
    await shared.dispose();
    expect(kernel.open.size).toBe(0);
  });
});
