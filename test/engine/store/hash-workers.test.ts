import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { InlineHasher } from '../../../src/engine/distribution/store/hashing/inline-hasher.js';
import { WorkerHasher } from '../../../src/engine/distribution/store/hashing/worker-hasher.js';
import { buildProgram, output, start } from './child-program.js';
import { BLOCK, blocksOf, contentId, contentOf, SEGMENT, sha256 } from './made-content.js';
import { openStore, readBack, temporaryDirectory, wholeOf } from './store-fixture.js';

const hasherWith = (workerCount: number, taskLength: number): WorkerHasher =>
  new WorkerHasher({ workerCount, taskLength, inline: new InlineHasher(nodeDisk) });

const shared = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
};

describe('publishing with worker threads', () => {
  it.each([
    ['copied', (bytes: Uint8Array) => bytes],
    ['shared', shared],
  ])('gives the same bytes and segments as without: %s input', async (_kind, prepare) => {
    const content = contentOf('workers', SEGMENT + 5 * BLOCK + 3);
    const publish = async (hashWorkers: number) => {
      const store = await openStore(temporaryDirectory(), { hashWorkers });
      const writer = await store.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
      for (let at = 0; at < content.length; at += 3_000_000) {
        const chunk = prepare(content.subarray(at, at + 3_000_000));
        await writer.append(chunk);
        // The bytes are the caller's again.
        if (chunk.buffer instanceof SharedArrayBuffer) chunk.fill(0);
      }
      return { store, publication: wholeOf(await writer.complete()) };
    };
    const [without, withTwo] = [await publish(0), await publish(2)];
    expect(withTwo.publication).toEqual(without.publication);
    const blocks = await readBack(withTwo.store, withTwo.publication);
    expect(Buffer.concat(blocks.map((block) => block!)).equals(content)).toBe(true);
  });
});

describe('WorkerHasher', () => {
  it('hashes every block of many tasks, in order', async () => {
    const content = contentOf('tasks', 40 * BLOCK + 9);
    const hasher = hasherWith(2, 4 * BLOCK);
    const tasks = [];
    for (let at = 0; at < content.length; at += 4 * BLOCK) {
      const bytes = content.subarray(at, at + 4 * BLOCK);
      tasks.push(
        hasher.start(
          'sha256',
          bytes,
          blocksOf(bytes).map(({ length }) => length),
        ),
      );
    }
    const hashes = Buffer.concat(await Promise.all(tasks.map((task) => task.hashes)));
    await hasher.close();
    expect(hashes.equals(Buffer.concat(blocksOf(content).map(sha256)))).toBe(true);
  });

  it('says when bytes may change again', async () => {
    const hasher = hasherWith(1, BLOCK);
    const bytes = contentOf('changes', BLOCK);
    const expected = sha256(bytes);
    const { accepted, hashes } = hasher.start('sha256', bytes, [BLOCK]);
    await accepted;
    bytes.fill(0);
    expect(await hashes).toEqual(expected);
    expect(await hasher.start('sha512', bytes, [BLOCK]).hashes).toHaveLength(64);
    await hasher.close();
  });

  it('ends its threads when there is nothing to do, and starts others when there is', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker): void => void threads.push(thread);
    process.on('worker', note);
    const hasher = hasherWith(2, BLOCK);
    const block = contentOf('idle', BLOCK);
    for (const round of [1, 2]) {
      const tasks = [1, 2, 3].map(() => hasher.start('sha256', block, [BLOCK]).hashes);
      expect(await Promise.all(tasks)).toEqual(tasks.map(() => sha256(block)));
      expect(threads).toHaveLength(2 * round);
      await Promise.all(threads.slice(-2).map((thread) => once(thread, 'exit')));
    }
    process.off('worker', note);
    await hasher.close();
  });

  it('does not keep a process alive that forgets to close it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'peerweave-programs-'));
    const child = start(await buildProgram('worker-program', directory));
    const said = output(child);
    await once(child, 'exit');
    expect(await said).toBe('32\n');
    rmSync(directory, { recursive: true });
  });
});
