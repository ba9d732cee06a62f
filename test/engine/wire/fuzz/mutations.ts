/** A generator of random numbers below a bound, the same from the same seed on every machine. */
export type Random = (below: number) => number;

/** Mulberry32, which is good enough to choose changes by. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random(items.length)]!;

/** Numbers at which lengths, counts and offsets go wrong. */
const EDGES = [
  0, 1, 2, 15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256, 257, 511, 512, 65_535, 65_536, 131_072, 131_073,
]
  .concat([0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 25, 2 ** 25 + 1])
  .map(BigInt)
  .concat([2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]);

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const at = (bytes: Buffer, random: Random): number =>
  // Most numbers that decide about the rest stand at the beginning.
  random(2) === 0 ? random(Math.min(bytes.length, 64)) : random(bytes.length);

const flipBit: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const index = at(copy, random);
  copy.writeUInt8(copy.readUInt8(index) ^ (1 << random(8)), index);
  return copy;
};

const putNumber: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const index = at(copy, random);
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(pick(random, EDGES));
  const digits = number.subarray(0, pick(random, [1, 2, 4, 8]));
  copy.set((random(2) === 0 ? digits : digits.reverse()).subarray(0, copy.length - index), index);
  return copy;
};

const nudgeByte: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const index = at(copy, random);
  copy.writeUInt8((copy.readUInt8(index) + pick(random, [1, 255])) & 0xff, index);
  return copy;
};

const cut: Mutation = (bytes, random) => bytes.subarray(0, random(bytes.length));

const remove: Mutation = (bytes, random) => {
  const index = random(bytes.length);
  return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1 + random(72))]);
};

const insert: Mutation = (bytes, random) => {
  const index = random(bytes.length + 1);
  const from = random(bytes.length);
  return Buffer.concat([
    bytes.subarray(0, index),
    bytes.subarray(from, from + 1 + random(72)),
    bytes.subarray(index),
  ]);
};

const splice: Mutation = (bytes, random, other) => {
  const index = random(bytes.length + 1);
  return Buffer.concat([
    bytes.subarray(0, index),
    other.subarray(random(2) === 0 ? index : random(other.length + 1)),
  ]);
};

const MUTATIONS = [flipBit, putNumber, putNumber, nudgeByte, cut, remove, insert, splice];

/** `bytes` with one to four changes; `other` lends pieces. Never longer than `longest`. */
export const mutate = (bytes: Buffer, random: Random, other: Buffer, longest: number): Buffer => {
  let changed = bytes;
  for (let changes = 1 + random(4); changes > 0; changes -= 1) {
    changed = changed.length === 0 ? other : pick(random, MUTATIONS)(changed, random, other);
  }
  return changed.subarray(0, longest);
};
