import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slowLine } from '../../bench/lib/slow-line.js';
import { lacksNamespaces, Networks } from '../engine/discovery/namespaces.js';
import { inDirectory, run, start, type Ran } from './run.js';

const CONTENT = createCipheriv('aes-128-ctr', Buffer.alloc(16, 5), Buffer.alloc(16)).update(
  Buffer.alloc(6_000_000),
);
const BYTES_PER_SECOND = 3_000_000;
/** Content information, heads, and what an origin was about to send. */
const OVERHEAD = 1.05;

interface Fetched {
  readonly bytes: number;
  readonly resumedAt: number;
  readonly fromPeers: Readonly<Record<string, number>>;
  readonly fromCache: number;
  readonly fromHostedCache: number;
  readonly fromOrigin: number;
}

const resultOf = ({ code, stdout, stderr }: Ran): Fetched => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Fetched;
};

/** `serve` of one file. */
const serving = async (
  directory: string,
  listen: string,
  prefix?: readonly string[],
  peerListen = listen,
) => {
  await mkdir(join(directory, 'files'));
  await writeFile(join(directory, 'files', 'model.bin'), CONTENT);
  const args = ['serve', 'files', '--prepare', '--listen', `${listen}:0`, '--peer-listen', `${peerListen}:0`];
  const server = start(directory, ['--json', ...args], {}, prefix);
  const { url } = JSON.parse(await server.line(/"serving"/)) as { readonly url: string };
  await server.line(/"prepared"/);
  return { url: `${url}model.bin`, server };
};

const overSlowLine = async (url: string) => {
  const line = await slowLine(Number(new URL(url).port), BYTES_PER_SECOND);
  return { line, url: `http://127.0.0.1:${line.port}/model.bin` };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

test('get --listen offers what it fetched to a hosted cache, from where get --hosted-cache has it', () =>
  inDirectory(async (directory) => {
    const { url, server } = await serving(directory, '127.0.0.1');
    const cache = start(directory, [
      ...['--json', '--data-dir', join(directory, 'cache')],
      ...['hosted-cache', '--listen', '127.0.0.1:0'],
    ]);
    const { endpoint } = JSON.parse(await cache.line(/"serving"/)) as { readonly endpoint: string };
    const get = (name: string, ...args: readonly string[]): Promise<Ran> =>
      run(directory, [
        ...['--json', '--data-dir', join(directory, `data-${name}`)],
        ...['get', url, '-o', name, '--hosted-cache', endpoint, ...args],
      ]);
    const first = resultOf(await get('first', '--listen', '127.0.0.1:0'));
    expect(first).toMatchObject({ fromOrigin: CONTENT.length, fromHostedCache: 0 });
    const second = resultOf(await get('second'));
    expect(second).toMatchObject({ fromOrigin: 0, fromPeers: {}, fromHostedCache: CONTENT.length });
    expect((await readFile(join(directory, 'second'))).equals(CONTENT)).toBe(true);
    for (const running of [server, cache]) {
      running.child.kill('SIGINT');
      await running.ended;
    }
  }));

test('two that get the same at once, and listen, cost the origin little more than one', () =>
  inDirectory(async (directory) => {
    const { url: plain, server } = await serving(directory, '127.0.0.1');
    const { line, url } = await overSlowLine(plain);
    try {
      const ports = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
      const [one, other] = await Promise.all(
        ports.map((listen, index) =>
          run(directory, [
            ...['--json', '--data-dir', join(directory, `data-${index}`), 'get', url, '-o', `copy-${index}`],
            ...['--listen', listen, '--peer', ports[1 - index] ?? ''],
          ]),
        ),
      );
      const counts = [resultOf(one!), resultOf(other!)];
      for (const index of [0, 1]) {
        expect((await readFile(join(directory, `copy-${index}`))).equals(CONTENT)).toBe(true);
      }
      // The last blocks are had from whoever is done and gone, so not all can come from there.
      const fromOrigin = counts.reduce((sum, { fromOrigin: bytes }) => sum + bytes, 0);
      expect(fromOrigin).toBeLessThan(CONTENT.length * 1.5);
      expect(line.take()).toBeLessThan(CONTENT.length * 1.5);
    } finally {
      line.close();
      server.child.kill('SIGINT');
      await server.ended;
    }
  }));

test('what get had when it was killed is not fetched again, whether the part of the file is there or not', () =>
  inDirectory(async (directory) => {
    const { url: plain, server } = await serving(directory, '127.0.0.1');
    const { line, url } = await overSlowLine(plain);
    const get = ['--json', '--data-dir', join(directory, 'other'), 'get', url, '-o', 'copy'];
    try {
      const killed = async (pattern: RegExp): Promise<void> => {
        const fetching = start(directory, get);
        await fetching.line(pattern);
        fetching.child.kill('SIGKILL');
        await fetching.ended;
      };
      await killed(/"Received".*"bytes":[1-9]\d{5}/);
      await rm(join(directory, 'copy.part'));
      await rm(join(directory, 'copy.part.json'));
      // The second one reads from the cache what the first one had, and is killed when it has fetched more.
      await killed(/"Received".*"fromOrigin":[1-9]\d{5}/);
      const { resumedAt, bytes, fromCache, fromOrigin } = resultOf(await run(directory, get));
      expect(resumedAt).toBeGreaterThan(0);
      expect(resumedAt + bytes).toBe(CONTENT.length);
      expect(fromCache + fromOrigin).toBe(bytes);
      expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);
      // Three runs have cost the origin the content, and what was on its way when they were killed.
      expect(line.take()).toBeLessThan(CONTENT.length * OVERHEAD + 2 * 1_000_000);
      expect(fromOrigin).toBeLessThan(CONTENT.length - 2 * 65_536);
    } finally {
      line.close();
      server.child.kill('SIGINT');
      await server.ended;
    }
  }));

test.skipIf(lacksNamespaces())(
  'get --discover has the content from a neighbour that it was not told of',
  () =>
    inDirectory(async (directory) => {
      const networks = new Networks();
      try {
        networks.addHost('a', { network: 'lan', ipv4: '10.1.2.1/24' });
        networks.addHost('b', { network: 'lan', ipv4: '10.1.2.2/24' });
        const { url, server } = await serving(directory, '10.1.2.1', networks.on('a'));
        const fetching = ['--json', '--data-dir', join(directory, 'other'), 'get', url, '-o', 'copy'];
        const { ended } = start(directory, [...fetching, '--discover'], {}, networks.on('b'));
        const { fromOrigin, fromPeers } = resultOf(await ended);
        expect(fromOrigin).toBe(0);
        expect(Object.keys(fromPeers)).toEqual([expect.stringMatching(/^10\.1\.2\.1:\d+$/)]);
        expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);
        server.child.kill('SIGINT');
        await server.ended;
      } finally {
        networks.remove();
      }
    }),
);
