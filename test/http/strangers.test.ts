import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../built-program.js';
import { lacksNamespaces, Networks } from '../engine/discovery/namespaces.js';
import { LineProcess } from '../engine/discovery/programs.js';
import type { GetOrder, GetReport } from './get-program.js';
import type { OriginOrder, OriginReport } from './origin-program.js';
import { contentOf, sha256, temporaryDirectory } from './support.js';

const LENGTH = 6_000_000;
const SHA256 = sha256(contentOf(LENGTH)).toString('hex');
/** So slow that it matters little how busy this machine is. */
const BYTES_PER_SECOND = 1_500_000;
const PORT = 8081;
const HOSTS = ['a', 'b', 'c', 'd'] as const;
const addressOf = (index: number): string => `10.1.1.${index + 1}`;
const peerOf = (index: number): string => `${addressOf(index)}:${PORT}`;
/** A machine that is busy with other tests must not look like one that nobody answers. */
const LIMITS = { discovery: { answerTimeoutMs: 3_000, repeatAfterMs: 1_000 } };
const PATIENT_MS = 120_000;

type Client = LineProcess<GetOrder, GetReport>;
type Origin = LineProcess<OriginOrder, OriginReport>;

describe.skipIf(lacksNamespaces())('machines that nobody has told of one another', () => {
  let programs: { readonly get: BuiltProgram; readonly origin: BuiltProgram };
  let networks: Networks;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let origin: Origin;
  let url: string;
  const running: { kill(): void }[] = [];

  const run = async <Order, Report>(
    host: string,
    program: BuiltProgram,
  ): Promise<LineProcess<Order, Report>> => {
    const child = new LineProcess<Order, Report>([...networks.on(host), process.execPath, program.path]);
    running.push(child);
    await child.read();
    return child;
  };

  beforeAll(async () => {
    programs = {
      get: await buildProgram('get-program.ts', import.meta.url),
      origin: await buildProgram('origin-program.ts', import.meta.url),
    };
  });
  beforeEach(async () => {
    directory = await temporaryDirectory();
    networks = new Networks();
    HOSTS.forEach((host, index) =>
      networks.addHost(host, { network: 'lan', ipv4: `${addressOf(index)}/24` }),
    );
    networks.addHost('o', { network: 'lan', ipv4: '10.1.1.9/24' });
    origin = await run('o', programs.origin);
    const serve = { length: LENGTH, host: '10.1.1.9', bytesPerSecond: BYTES_PER_SECOND };
    url = `http://10.1.1.9:${(await origin.order({ serve })).port}/`;
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill();
    networks.remove();
    await directory[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    for (const program of Object.values(programs)) await program.remove();
  });

  const startClients = (): Promise<readonly Client[]> =>
    Promise.all(
      HOSTS.map(async (host) => {
        const client = await run<GetOrder, GetReport>(host, programs.get);
        const dataDir = join(directory.path, host);
        await client.order({ start: { dataDir, listen: { host: '0.0.0.0', port: PORT }, limits: LIMITS } });
        return client;
      }),
    );

  const getAs = (client: Client): Promise<GetReport> => client.order({ get: { url, peers: [] } });

  const carried = async (): Promise<number> => (await origin.order({ take: true })).carried ?? 0;

  const expectWhole = (reports: readonly GetReport[]): void => {
    for (const { sha256: hash, fromOrigin = 0, fromPeers = 0, fromCache = 0 } of reports) {
      expect(hash).toBe(SHA256);
      expect(fromOrigin + fromPeers + fromCache).toBe(LENGTH);
    }
  };

  it(
    'and start together cost the origin the file and at most a twentieth of it more',
    async () => {
      const clients = await startClients();
      const reports = await Promise.all(clients.map(getAs));
      expectWhole(reports);
      const bytes = await carried();
      expect(bytes).toBeGreaterThanOrEqual(LENGTH);
      expect(bytes / LENGTH).toBeLessThanOrEqual(1.05);
      reports.forEach(({ met = [] }, index) => {
        const others = HOSTS.map((_, other) => peerOf(other)).filter((peer) => peer !== peerOf(index));
        expect(others).toEqual(expect.arrayContaining([...met]));
      });
      for (const client of [...clients, origin]) expect(await client.end()).toBe(0);
    },
    PATIENT_MS,
  );

  it(
    'and start while others fetch do not ask the origin for what those have or fetch',
    async () => {
      const [first, ...later] = await startClients();
      const reports = [getAs(first!)];
      let bytes = 0;
      for (const client of later) {
        // Some blocks later.
        for (const before = bytes; bytes < before + 500_000;) bytes += await carried();
        reports.push(getAs(client));
      }
      expectWhole(await Promise.all(reports));
      bytes += await carried();
      expect(bytes).toBeGreaterThanOrEqual(LENGTH);
      expect(bytes / LENGTH).toBeLessThanOrEqual(1.05);
      for (const client of [first!, ...later, origin]) expect(await client.end()).toBe(0);
    },
    PATIENT_MS,
  );
});
