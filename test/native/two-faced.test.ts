import { describe, expect, it } from 'vitest';
import { BadValue, bytes, list } from '../../src/native/check.js';
import { loadFfi } from '../../src/native/ffi.js';
import { Frame } from '../../src/native/frame.js';

const LONG = 1_000_000;

/** Bytes that say something else about their length each time they are asked. */
const withLengths = (...lengths: readonly number[]): Uint8Array => {
  const given = Uint8Array.of(1, 2, 3);
  let turn = 0;
  Object.defineProperty(given, 'length', { get: () => lengths[turn++ % lengths.length] });
  return given;
};

/** The compiler's library does not know the option yet. */
const growing = (length: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength: LONG }]) as ArrayBuffer;

class Liar extends Uint8Array {
  override get length(): number {
    return LONG;
  }
}

describe('what answers differently each time', () => {
  it.each([
    ['a length of its own', () => withLengths(3, LONG)],
    ['an inherited length', () => Liar.of(1, 2, 3)],
    ['shared memory', () => new Uint8Array(new SharedArrayBuffer(3)).fill(1)],
    ['memory that grows', () => new Uint8Array(growing(3))],
  ])('is copied: %s', (_name, make) => {
    const given = make();
    const safe = bytes(given, 'data');
    expect(safe).not.toBe(given);
    expect(Object.getPrototypeOf(safe)).toBe(Uint8Array.prototype);
    expect([safe.length, safe.length]).toEqual([3, 3]);
    expect(safe.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('is not copied when it is what it seems', () => {
    for (const given of [Uint8Array.of(1), Buffer.from('x'), new Uint8Array(0)])
      expect(bytes(given, 'data')).toBe(given);
  });

  it.each([
    [Object.create(Uint8Array.prototype)],
    [new Uint16Array(2)],
    [[1, 2]],
    [new Proxy(Uint8Array.of(1), {})],
  ])('is no bytes at all: %#', (given) => {
    expect(() => bytes(given, 'data')).toThrow(BadValue);
  });

  it('is a list of what it answered first', () => {
    let turn = 0;
    const two = new Proxy(['a'], {
      get: (target, key) =>
        key === 'length' ? (turn++ === 0 ? 1 : 9) : (Reflect.get(target, key) as unknown),
    });
    const safe = list(two, 'roles');
    expect(safe.length).toBe(safe.length);
    expect(safe).not.toBe(two);
  });

  it('fits where a frame has laid it', async () => {
    const frame = new Frame(await loadFfi());
    const before = frame.reserve(8);
    frame.bytes(withLengths(3, LONG), 'data');
    const after = frame.reserve(8);
    expect(after.address - before.address).toBe(16n);
    frame.release();
  });
});
