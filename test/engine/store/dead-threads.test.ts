import { createHash } from 'node:crypto';
import { openSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { InlineHasher } from '../../../src/engine/distribution/store/hashing/inline-hasher.js';
import { WorkerHasher } from '../../../src/engine/distribution/store/hashing/worker-hasher.js';
import { BLOCK, contentOf } from './made-content.js';
import { temporaryDirectory } from './store-fixture.js';

const source = vi.hoisted(() => ({ text: '' }));
vi.mock('../../../src/engine/distribution/store/hashing/hash-worker.js', () => ({
  get HASH_WORKER_SOURCE() {
    return source.text;
  },
}));

const CONTENT = contentOf('dead', 6 * BLOCK + 5);
const LENGTHS = [BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, 5];
const EXPECTED = Buffer.concat(
  LENGTHS.map((length, index) =>
    createHash('sha256')
      .update(CONTENT.subarray(index * BLOCK, index * BLOCK + length))
      .digest(),
  ),
);

afterEach(() => void (source.text = ''));

describe('a hashing thread', () => {
  it.each([
    ['cannot start', `throw new Error('no');`],
    ['exits at once', `process.exit(3);`],
    ['dies of its first task', `require('node:worker_threads').parentPort.on('message', () => missing());`],
    [
      'exits with its first task',
      `require('node:worker_threads').parentPort.on('message', () => process.exit(0));`,
    ],
    [
      'takes all memory',
      `require('node:worker_threads').parentPort.on('message', () => { const all = []; for (;;) all.push(new Array(1e5).fill(1.5)); });`,
    ],
  ])('that %s is done without', async (_what, text) => {
    source.text = text;
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, CONTENT);
    const fd = openSync(path, 'r');
    const inline = new InlineHasher(nodeDisk);
    const hasher = new WorkerHasher({ workerCount: 2, taskLength: CONTENT.length, inline });
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const stretch = {
      from: { fd, position: 0 },
      length: CONTENT.length,
      blockLength: BLOCK,
      copyTo: undefined,
      stop,
    };
    for (let round = 0; round < 4; round += 1) {
      const [ofFile, ofBytes] = await Promise.all([
        hasher.hashFile('sha256', stretch),
        hasher.start('sha256', CONTENT, LENGTHS).hashes,
      ]);
      expect(ofFile.equals(EXPECTED)).toBe(true);
      expect(ofBytes.equals(EXPECTED)).toBe(true);
    }
    await hasher.close();
    closeSync(fd);
  });
});
