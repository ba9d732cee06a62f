import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk.js';
import { WorkerHasher } from '../../../src/engine/distribution/store/worker-hasher.js';
import { buildProgram, output, start } from './child-program.js';
import { BLOCK, blocksOf, contentId, contentOf, SEGMENT, sha256 } from './made-content.js';
import { openStore, readBack, temporaryDirectory } from './store-fixture.js';

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
      return { store, publication: await writer.complete() };
    };
    const [without, withTwo] = [await publish(0), await publish(2)];
    expect(withTwo.publication).toEqual(without.publication);
    const blocks = await readBack(withTwo.store, withTwo.publication);
    expect(Buffer.concat(blocks.map((block) => block!)).equals(content)).toBe(true);
  });
});

describe('WorkerHasher', () => {
  it('hashes and writes every block of many tasks at their places', async () => {
    const path = join(temporaryDirectory(), 'file');
    const fd = openSync(path, 'w');
    const content = contentOf('tasks', 40 * BLOCK + 9);
    const hasher = new WorkerHasher(2, 4 * BLOCK, nodeDisk);
    const tasks = [];
    for (let at = 0; at < content.length; at += 4 * BLOCK) {
      tasks.push(hasher.start('sha256', fd, content.subarray(at, at + 4 * BLOCK), at));
    }
    const hashes = Buffer.concat(await Promise.all(tasks.map(({ done }) => done)));
    await hasher.close();
    closeSync(fd);
    expect(hashes.equals(Buffer.concat(blocksOf(content).map(sha256)))).toBe(true);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it('passes on the system error of a write, and works on', async () => {
    const path = join(temporaryDirectory(), 'file');
    const hasher = new WorkerHasher(1, BLOCK, nodeDisk);
    const fd = openSync(path, 'w');
    closeSync(fd);
    const readOnly = openSync(path, 'r');
    const { done, accepted } = hasher.start('sha256', readOnly, Buffer.alloc(BLOCK), 0);
    await expect(done).rejects.toMatchObject({ code: 'EBADF', syscall: 'write' });
    await accepted;
    closeSync(readOnly);
    const writable = openSync(path, 'w');
    const again = hasher.start('sha512', writable, Buffer.alloc(BLOCK), 0);
    expect(await again.done).toHaveLength(64);
    await hasher.close();
    closeSync(writable);
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
