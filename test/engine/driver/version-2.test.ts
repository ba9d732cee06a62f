import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../../built-program.js';
import type { DistributionEvent } from '../../../src/driver/index.js';
import { createEngineDriver, type EngineDriver } from '../../../src/engine/index.js';
import { openContent } from './rig.js';
import { after, before, INSERTED, type Served } from './version-2-program.js';

describe('content of version 2 between two processes', () => {
  let directory: string;
  let program: BuiltProgram;
  let served: Served;
  let publisher: ChildProcessByStdio<Writable, Readable, null>;
  let count = 0;
  const engines: EngineDriver[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerweave-version-2-'));
    program = await buildProgram('version-2-program.ts', import.meta.url);
    publisher = spawn(process.execPath, [program.path, 'serve', join(directory, 'publisher')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(publisher.stdout), 'line')) as [string];
    served = JSON.parse(line) as Served;
  }, 60_000);
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
  });
  afterAll(async () => {
    publisher.kill('SIGKILL');
    await program.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const startReader = async () => {
    const dataDir = join(directory, String((count += 1)));
    const engine = createEngineDriver({ dataDir });
    engines.push(engine);
    const session = await engine.distribution.startup();
    const events: DistributionEvent[] = [];
    engine.distribution.observe(session, (event) => events.push(event));
    return { distribution: engine.distribution, session, events, dataDir };
  };

  /** Reads all that content information describes. */
  const retrieve = async (
    { distribution, session }: Awaited<ReturnType<typeof startReader>>,
    information: string,
    peers = [`127.0.0.1:${served.port}`],
  ) => {
    const handle = await openContent(distribution, session, Buffer.from(information, 'hex'), peers);
    const pieces: Uint8Array[] = [];
    for (;;) {
      const read = await distribution.streamRead(session, handle, { maxBytes: 1_000_000 });
      if (read._tag === 'End') break;
      if (read._tag !== 'Data') throw new Error(`${read._tag} at ${read.offset}`);
      pieces.push(read.bytes);
    }
    const { bytes } = await distribution.explainContent(session, handle);
    await distribution.closeContent(session, handle);
    return { content: Buffer.concat(pieces), bytes };
  };

  it('of a file with 1 MiB inserted near its start, the rest is not fetched again', async () => {
    const reader = await startReader();
    const first = await retrieve(reader, served.before);
    expect(first.content.equals(before())).toBe(true);
    expect(first.bytes).toMatchObject({ cache: 0, peer: before().length });

    // The peer was asked for what it has by the 256 segments.
    const lists = reader.events.flatMap((event) => (event._tag === 'SegmentListReceived' ? [event] : []));
    expect(lists[0]).toMatchObject({ asked: 256, segments: { length: 256 } });

    const received = reader.events.length;
    const second = await retrieve(reader, served.after);
    expect(second.content.equals(after())).toBe(true);
    // At most a few segments around the insertion.
    expect(second.bytes.peer).toBeLessThan(INSERTED * 1.05 + 4 * 131_072);
    expect(second.bytes.peer).toBeLessThan(INSERTED + 0.05 * after().length);
    expect(second.bytes.cache).toBe(after().length - second.bytes.peer);
    const transferred = reader.events
      .slice(received)
      .reduce((sum, event) => sum + (event._tag === 'BlockResponseReceived' ? event.bytes : 0), 0);
    expect(transferred).toBeLessThan(INSERTED + 0.05 * after().length);
  });

  it('is cached whole, in few directories, and serves others when the publisher is not asked', async () => {
    const reader = await startReader();
    await retrieve(reader, served.before);
    const again = await retrieve(reader, served.before, []);
    expect(again.content.equals(before())).toBe(true);
    expect(again.bytes).toMatchObject({ cache: before().length, peer: 0 });
    // Segments are cached by the 256.
    const units = await readdir(join(reader.dataDir, 'content', 'units'));
    expect(units.length).toBeLessThanOrEqual(3);

    const [engine] = engines;
    const other = await startReader();
    const copy = await retrieve(other, served.before, [`127.0.0.1:${engine?.endpoint()?.port}`]);
    expect(copy.content.equals(before())).toBe(true);
  });

  it('goes on from the cache after the reader was started anew', async () => {
    const reader = await startReader();
    const handle = await openContent(reader.distribution, reader.session, Buffer.from(served.before, 'hex'), [
      `127.0.0.1:${served.port}`,
    ]);
    for (let at = 0; at < 10_000_000;) {
      const read = await reader.distribution.streamRead(reader.session, handle, { maxBytes: 1_000_000 });
      if (read._tag !== 'Data') throw new Error(read._tag);
      at = read.offset + read.bytes.length;
    }
    await reader.distribution.shutdown(reader.session);
    const session = await reader.distribution.startup();
    const rest = await retrieve({ ...reader, session }, served.before);
    expect(rest.content.equals(before())).toBe(true);
    expect(rest.bytes.cache).toBeGreaterThanOrEqual(10_000_000 - 1_000_000);
  });
});
