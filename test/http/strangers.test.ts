import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/index.js';
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
/** A machine that is busy with other tests must not look like one that nobody answers. */
const LIMITS = { discovery: { answerTimeoutMs: 3_000, repeatAfterMs: 1_000 } };
const PATIENT_MS = 120_000;

/** How the hosts are connected, and what their engines are told of that. */
interface Surroundings {
  /** How the test is called. */
  readonly toString: () => string;
  readonly build: (networks: Networks) => void;
  readonly originHost: string;
  readonly options: (index: number) => EngineOptions;
  /** What others know a host by. */
  readonly peerOf: (networks: Networks, index: number) => string;
}

const onOneLink: Surroundings = {
  toString: () => 'on one link',
  build: (networks) => {
    HOSTS.forEach((host, index) =>
      networks.addHost(host, { network: 'lan', ipv4: `10.1.1.${index + 1}/24` }),
    );
    networks.addHost('o', { network: 'lan', ipv4: '10.1.1.9/24' });
  },
  originHost: '10.1.1.9',
  options: () => ({ listen: { host: '0.0.0.0', port: PORT } }),
  peerOf: (_, index) => `10.1.1.${index + 1}:${PORT}`,
};

const byIpv6Alone: Surroundings = {
  toString: () => 'on one link, by IPv6 alone',
  build: (networks) => {
    HOSTS.forEach((host, index) => networks.addHost(host, { network: 'lan', ipv6: `fd00::${index + 1}/64` }));
    networks.addHost('o', { network: 'lan', ipv6: 'fd00::9/64' });
  },
  originHost: 'fd00::9',
  options: () => ({ listen: { host: '::', port: PORT } }),
  peerOf: (networks, index) => `[${networks.linkLocal(HOSTS[index]!, 'net0')}%net0]:${PORT}`,
};

/** Multicast reaches nobody there. */
const behindARouter: Surroundings = {
  toString: () => 'each on a link of its own, and told of the others as hosts to ask',
  build: (networks) => {
    const places = [...HOSTS, 'o'];
    networks.addHost(
      'r',
      ...places.map((host, index) => ({ network: `link-${host}`, ipv4: `10.2.${index + 1}.254/24` })),
    );
    networks.write('r', '/proc/sys/net/ipv4/ip_forward', '1');
    places.forEach((host, index) => {
      networks.addHost(host, { network: `link-${host}`, ipv4: `10.2.${index + 1}.1/24` });
      networks.route(host, 'default', `10.2.${index + 1}.254`);
    });
  },
  originHost: '10.2.5.1',
  options: (index) => ({
    listen: { host: '0.0.0.0', port: PORT },
    discovery: {
      unicastProbes: 'anywhere',
      hosts: HOSTS.flatMap((_, other) => (other === index ? [] : [{ host: `10.2.${other + 1}.1` }])),
    },
  }),
  peerOf: (_, index) => `10.2.${index + 1}.1:${PORT}`,
};

type Client = LineProcess<GetOrder, GetReport>;
type Origin = LineProcess<OriginOrder, OriginReport>;

describe.skipIf(lacksNamespaces())('machines whose readers have told nobody of one another', () => {
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
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill();
    networks.remove();
    await directory[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    for (const program of Object.values(programs)) await program.remove();
  });

  /** Builds the networks, and starts the origin. @returns the clients. */
  const start = async (surroundings: Surroundings): Promise<readonly Client[]> => {
    surroundings.build(networks);
    origin = await run('o', programs.origin);
    const host = surroundings.originHost;
    const { port = 0 } = await origin.order({
      serve: { length: LENGTH, host, bytesPerSecond: BYTES_PER_SECOND },
    });
    url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}/`;
    return Promise.all(
      HOSTS.map(async (host, index) => {
        const client = await run<GetOrder, GetReport>(host, programs.get);
        const dataDir = join(directory.path, host);
        await client.order({ start: { limits: LIMITS, ...surroundings.options(index), dataDir } });
        return client;
      }),
    );
  };

  const getAs = (client: Client): Promise<GetReport> => client.order({ get: { url, peers: [] } });

  const carried = async (): Promise<number> => (await origin.order({ take: true })).carried ?? 0;

  const expectWhole = (reports: readonly GetReport[]): void => {
    for (const { sha256: hash, fromOrigin = 0, fromPeers = 0, fromCache = 0 } of reports) {
      expect(hash).toBe(SHA256);
      expect(fromOrigin + fromPeers + fromCache).toBe(LENGTH);
    }
  };

  it.each([onOneLink, byIpv6Alone, behindARouter])(
    'and start together cost the origin the file and at most a twentieth of it more: %s',
    async (surroundings) => {
      const clients = await start(surroundings);
      const reports = await Promise.all(clients.map(getAs));
      expectWhole(reports);
      const bytes = await carried();
      expect(bytes).toBeGreaterThanOrEqual(LENGTH);
      expect(bytes / LENGTH).toBeLessThanOrEqual(1.05);
      reports.forEach(({ met = [] }, index) => {
        const others = HOSTS.flatMap((_, other) =>
          other === index ? [] : [surroundings.peerOf(networks, other)],
        );
        expect(others).toEqual(expect.arrayContaining([...met]));
      });
      expect(reports.flatMap(({ met = [] }) => met)).not.toEqual([]);
      for (const client of [...clients, origin]) expect(await client.end()).toBe(0);
    },
    PATIENT_MS,
  );

  it.each([onOneLink, behindARouter])(
    'and start while others fetch do not ask the origin for what those have or fetch: %s',
    async (surroundings) => {
      const [first, ...later] = await start(surroundings);
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
