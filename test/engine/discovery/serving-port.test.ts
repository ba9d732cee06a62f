import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readJournal } from 'peerweave/engine';
import { contentOf } from '../../robustness/support/node.js';
import { lacksNamespaces, Networks } from './namespaces.js';
import type { PeerOrder, PeerReport } from './peer-program.js';
import { LineProcess } from './programs.js';
import { buildProgram, type BuiltProgram } from '../../built-program.js';

const LENGTH = 300_000;
/** A machine that is busy with other tests must not look like one that nobody answers. */
const LIMITS = { discovery: { answerTimeoutMs: 1_000, repeatAfterMs: 200, transmissions: 5 } };
/** What an administrator takes from a program that shall not have ports below 1024, root or not. */
const WITHOUT_LOW_PORTS = ['setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service'];

/** Each host has ports of its own, so that no other test on the machine is in the way. */
describe.skipIf(lacksNamespaces())('the port that peers are served at, if none is named', () => {
  let program: BuiltProgram;
  let directory: string;
  let networks: Networks;
  let count = 0;
  const started: LineProcess<PeerOrder, PeerReport>[] = [];
  beforeAll(async () => {
    program = await buildProgram('peer-program.ts', import.meta.url);
    directory = await mkdtemp(join(tmpdir(), 'peerweave-port-'));
  });
  beforeEach(() => {
    networks = new Networks();
    networks.addHost('a', { network: 'lan', ipv4: '10.1.1.1/24' });
    networks.addHost('b', { network: 'lan', ipv4: '10.1.1.2/24' });
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill();
    networks.remove();
  });
  afterAll(async () => {
    await program.remove();
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts an engine, and waits until other processes of its data directory can read where it serves. */
  const start = async (host: string, prefix: readonly string[] = []) => {
    const dataDir = join(directory, `${(count += 1)}`);
    const options = { dataDir, listen: { host: '0.0.0.0' }, limits: LIMITS };
    const child = new LineProcess<PeerOrder, PeerReport>([
      ...networks.on(host),
      ...prefix,
      process.execPath,
      program.path,
      JSON.stringify(options),
    ]);
    started.push(child);
    await child.read();
    const port = await vi.waitFor(
      async () => {
        const [entry] = await readJournal(dataDir);
        if (entry?.endpoint === undefined) throw new Error('nothing in the journal');
        expect(entry).toMatchObject({ running: true, endpoint: { host: '0.0.0.0' } });
        return entry.endpoint.port;
      },
      { timeout: 10_000 },
    );
    return { child, port, dataDir };
  };

  /** Has a content of `publisher` found and fetched by another host. @returns from where. */
  const fetchedFrom = async (publisher: LineProcess<PeerOrder, PeerReport>, seed: number) => {
    const { information = '' } = await publisher.order({ publish: { length: LENGTH, seed } });
    const { child } = await start('b');
    const { sha256, peers } = await child.order({ retrieve: information });
    expect(sha256).toBe(createHash('sha256').update(contentOf(LENGTH, seed)).digest('hex'));
    expect(await child.end()).toBe(0);
    return peers;
  };

  test('is 80 where that is free and allowed', async () => {
    const { child, port, dataDir } = await start('a');
    expect(port).toBe(80);
    expect(await fetchedFrom(child, 1)).toEqual(['10.1.1.1:80']);
    expect(await child.end()).toBe(0);
    const [entry] = await readJournal(dataDir);
    expect(entry).toMatchObject({ running: false });
    expect(entry?.endpoint).toBeUndefined();
  });

  test('is another one where 80 is taken, and discovery announces that', async () => {
    expect((await start('a')).port).toBe(80);
    const { child, port } = await start('a');
    expect(port).toBeGreaterThan(1_023);
    expect(await fetchedFrom(child, 2)).toEqual([`10.1.1.1:${port}`]);
  });

  test('is another one where 80 is not allowed, and discovery announces that', async () => {
    const { child, port } = await start('a', WITHOUT_LOW_PORTS);
    expect(port).toBeGreaterThan(1_023);
    expect(await fetchedFrom(child, 3)).toEqual([`10.1.1.1:${port}`]);
  });
});
