import { spawn, type ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { missing } from '../../tools.js';
import type { ProgramOptions } from './discovery-program.js';
import { lacksNamespaces, Networks } from './namespaces.js';
import { startDiscoveryProgram, type DiscoveryProcess } from './programs.js';
import { buildProgram, type BuiltProgram } from '../../built-program.js';

const SERVES = { host: '0.0.0.0', port: 8080, segments: [1] };

/** wsdd makes Samba servers known to Windows: it has the port and the groups of discovery for another purpose. */
describe.skipIf(missing('wsdd') || lacksNamespaces())('beside another service of WS-Discovery', () => {
  let program: BuiltProgram;
  let networks: Networks;
  const started: DiscoveryProcess[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    program = await buildProgram('discovery-program.ts', import.meta.url);
  });
  beforeEach(() => {
    networks = new Networks();
    networks.addHost('a', { network: 'lan', ipv4: '10.1.1.1/24', ipv6: true });
    networks.addHost('b', { network: 'lan', ipv4: '10.1.1.2/24', ipv6: true });
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill();
    for (const child of services.splice(0)) child.kill('SIGKILL');
    networks.remove();
  });
  afterAll(() => program.remove());

  const start = async (host: string, options: Partial<ProgramOptions> = {}): Promise<DiscoveryProcess> => {
    const child = await startDiscoveryProgram(program, { port: 3702, ...options }, networks.on(host));
    started.push(child);
    return child;
  };

  /** Starts wsdd. @returns what it has logged by now. */
  const startWsdd = (host: string, ...args: readonly string[]): (() => string) => {
    const [file = '', ...prefix] = networks.on(host);
    const child = spawn(file, [...prefix, 'wsdd', '-i', 'net0', '-vv', '-s', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    services.push(child);
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return () => log;
  };

  const host = (): (() => string) => startWsdd('b', '-n', 'FOREIGN');
  const client = (): (() => string) => startWsdd('a', '-D', '-o');
  const joined = (log: () => string) =>
    vi.waitFor(() => expect(log()).toContain('joined multicast group'), 10_000);

  test.each(['before', 'after'])('wsdd that is started %s is in nobody’s way', async (order) => {
    const logs: (() => string)[] = [];
    if (order === 'before') {
      logs.push(host());
      await joined(logs[0]!);
    }
    const responder = await start('b', { serves: SERVES });
    const asker = await start('a', { serves: { ...SERVES, segments: [3] } });
    if (order === 'after') {
      logs.push(host());
      await joined(logs[0]!);
    }
    logs.push(client());
    await vi.waitFor(() => expect(logs[1]!()).toContain('discovered FOREIGN'), 15_000);
    expect(await asker.order({ find: [1] })).toMatchObject({ found: ['10.1.1.2:8080'] });
    expect(await responder.order({ find: [3] })).toMatchObject({ found: ['10.1.1.1:8080'] });
    // It has heard us, and we have heard it; neither took the other for its own.
    await vi.waitFor(() => expect(logs[0]!()).toMatch(/10\.1\.1\.1:\d+.*Probe/), 5_000);
    for (const child of [responder, asker]) {
      const { events = [], problems } = await child.order({ tell: true });
      expect(problems).toEqual([]);
      expect(
        events.filter((event) => event._tag === 'DiscoveryMessageIgnored' && event.reason !== 'own'),
      ).toEqual([]);
    }
    for (const log of logs) expect(log()).not.toMatch(/Traceback|ERROR/);
    expect(services.map(({ exitCode }) => exitCode)).toEqual([null, null]);
  });
});
