import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../../built-program.js';
import { createEngineDriver, type EngineDriver } from '../../../src/engine/index.js';
import { contentOf, type Served } from './engine-program.js';
import { openContent } from './rig.js';

type Publisher = ChildProcessByStdio<Writable, Readable, null>;

const LENGTH = 40_000_000;
const content = contentOf(LENGTH);

describe('two engines in two processes', () => {
  let directory: string;
  let program: BuiltProgram;
  let count = 0;
  const children: Publisher[] = [];
  const engines: EngineDriver[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerweave-processes-'));
    program = await buildProgram('engine-program.ts', import.meta.url);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
  });
  afterAll(async () => {
    await program.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const newDirectory = (): string => join(directory, String((count += 1)));

  const publisher = async (): Promise<{ child: Publisher; served: Served }> => {
    const child = spawn(process.execPath, [program.path, 'serve', newDirectory(), String(LENGTH)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, served: JSON.parse(line) as Served };
  };

  const reader = async (served: Served, peers: readonly string[]) => {
    const engine = createEngineDriver({ dataDir: newDirectory() });
    engines.push(engine);
    const session = await engine.distribution.startup();
    const information = Buffer.from(served.information, 'hex');
    const handle = await openContent(engine.distribution, session, information, peers);
    return { distribution: engine.distribution, session, handle };
  };

  it('moves content from one to the other, after which the publisher ends by itself', async () => {
    const { child, served } = await publisher();
    const { distribution, session, handle } = await reader(served, [`127.0.0.1:${served.port}`]);
    const received = Buffer.alloc(LENGTH);
    for (;;) {
      const read = await distribution.streamRead(session, handle, { maxBytes: 1_000_000 });
      if (read._tag === 'End') break;
      if (read._tag !== 'Data') throw new Error(`${read._tag} at ${read.offset}`);
      received.set(read.bytes, read.offset);
    }
    expect(received.equals(content)).toBe(true);

    child.stdin.end();
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('goes on with the origin when the peer is killed on the way', async () => {
    const { child, served } = await publisher();
    const { distribution, session, handle } = await reader(served, [`127.0.0.1:${served.port}`]);
    const received = Buffer.alloc(LENGTH);
    let fromPeer = 0;
    let fromOrigin = 0;
    for (;;) {
      const read = await distribution.streamRead(session, handle, { maxBytes: 1_000_000 });
      if (read._tag === 'End') break;
      if (read._tag === 'Data') {
        received.set(read.bytes, read.offset);
        fromPeer += read.bytes.length;
        if (fromPeer > 10_000_000) child.kill('SIGKILL');
      }
      if (read._tag === 'Missing') {
        const piece = content.subarray(read.offset, read.offset + read.length);
        await distribution.addData(session, handle, read.offset, piece);
        received.set(piece, read.offset);
        fromOrigin += piece.length;
      }
    }
    expect(received.equals(content)).toBe(true);
    expect(fromOrigin).toBeGreaterThan(0);
    expect(fromPeer + fromOrigin).toBe(LENGTH);
  });

  it('prefers whoever delivers when another peer does not exist', async () => {
    const { served } = await publisher();
    const gone = await publisher();
    gone.child.kill('SIGKILL');
    await once(gone.child, 'close');
    const peers = [`127.0.0.1:${gone.served.port}`, `127.0.0.1:${served.port}`];
    const { distribution, session, handle } = await reader(served, peers);
    for (let offset = 0; ;) {
      const read = await distribution.streamRead(session, handle, { maxBytes: 1_000_000 });
      if (read._tag === 'End') break;
      if (read._tag !== 'Data') throw new Error(`${read._tag} at ${read.offset}`);
      expect(content.subarray(offset, offset + read.bytes.length).equals(read.bytes)).toBe(true);
      offset += read.bytes.length;
    }
  });
});
