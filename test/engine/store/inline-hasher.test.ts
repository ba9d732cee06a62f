import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import type { Stretch } from '../../../src/engine/distribution/store/hashing/block-hasher.js';
import { InlineHasher } from '../../../src/engine/distribution/store/hashing/inline-hasher.js';
import { BLOCK, contentOf } from './made-content.js';
import { temporaryDirectory } from './store-fixture.js';

/** What lies before the stretch in both files. */
const BEFORE = 100;
/** More than two pieces of its memory. */
const CONTENT = contentOf('long', 130 * BLOCK + 5);

const expected = (algorithm: string, length: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(CONTENT.length / BLOCK) }, (_, index) =>
      createHash(algorithm)
        .update(CONTENT.subarray(index * BLOCK, (index + 1) * BLOCK))
        .digest()
        .subarray(0, length),
    ),
  );

const stretchOf = (from: number, copyTo: number, length = CONTENT.length): Stretch => ({
  from: { fd: from, position: BEFORE },
  length,
  blockLength: BLOCK,
  copyTo: { fd: copyTo, position: BEFORE },
  stop: new Int32Array(new SharedArrayBuffer(4)),
});

it('hashes and copies stretches that are longer than its memory', async () => {
  const directory = temporaryDirectory();
  const [source, copy] = [join(directory, 'source'), join(directory, 'copy')];
  writeFileSync(source, Buffer.concat([Buffer.alloc(BEFORE), CONTENT]));
  const [from, copyTo] = [openSync(source, 'r'), openSync(copy, 'wx')];
  const hasher = new InlineHasher(nodeDisk);
  try {
    const [sha256, truncated] = await Promise.all([
      hasher.hashFile('sha256', stretchOf(from, copyTo)),
      hasher.hashFile('truncated-sha512', stretchOf(from, copyTo)),
    ]);
    expect(sha256.equals(expected('sha256', 32))).toBe(true);
    expect(truncated.equals(expected('sha512', 32))).toBe(true);
    expect(readFileSync(copy).subarray(BEFORE).equals(CONTENT)).toBe(true);
    await expect(
      hasher.hashFile('sha256', stretchOf(from, copyTo, CONTENT.length + 1)),
    ).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  } finally {
    await hasher.close();
    closeSync(from);
    closeSync(copyTo);
  }
});
