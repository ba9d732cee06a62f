import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run, start, type Running } from './run.js';

const CONTENT = randomBytes(1_000_000);

type Document = Record<string, unknown>;

const documents = (stdout: string): Document[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Document);

/** Publishes a file from a data directory of its own. */
const publishing = async (
  directory: string,
): Promise<{ readonly publisher: Running; readonly endpoint: string }> => {
  await writeFile(join(directory, 'content.bin'), CONTENT);
  const publisher = start(directory, [
    '--json',
    'publish',
    'content.bin',
    '--data-dir',
    join(directory, 'publisher'),
  ]);
  const { endpoint } = JSON.parse(await publisher.line(/"serving"/)) as { readonly endpoint: string };
  return { publisher, endpoint };
};

test('why, peers and status tell in another process where content came from', () =>
  inDirectory(async (directory) => {
    const { publisher, endpoint } = await publishing(directory);
    const gone = '127.0.0.1:9';
    expect(
      await run(directory, ['retrieve', 'content.bin.ci', '-o', 'copy.bin', '--peer', gone, endpoint]),
    ).toMatchObject({ code: 0 });
    expect((await readFile(join(directory, 'copy.bin'))).equals(CONTENT)).toBe(true);

    for (const what of ['copy.bin', join(directory, 'copy.bin'), 'content.bin.ci']) {
      const [why] = documents((await run(directory, ['--json', 'why', what])).stdout);
      expect(why).toMatchObject({
        match: what.endsWith('.ci') ? 'content' : 'name',
        bytes: { peer: CONTENT.length, origin: 0 },
        bytesByPeer: { [endpoint]: CONTENT.length },
        segments: [{ from: 0, to: 1, sources: [{ source: 'peer', peer: endpoint }] }],
      });
      expect(JSON.stringify(why)).toContain(`"peer":"${gone}","reason":"unreachable"`);
    }
    const { stdout: text } = await run(directory, ['why', 'copy.bin']);
    expect(text).toContain(`segment 0: from ${endpoint}`);
    expect(text).toContain(`${gone} could not be reached`);

    // The same bytes under another secret: what was retrieved is of no use for that.
    await run(directory, ['ci', 'make', 'content.bin', '--secret-hex', '00', '-o', 'other.ci']);
    expect(documents((await run(directory, ['--json', 'why', 'other.ci'])).stdout)).toMatchObject([
      { match: 'other-secret' },
    ]);

    const [peers] = documents((await run(directory, ['--json', 'peers'])).stdout);
    expect(peers?.['peers']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ address: endpoint, bytesReceived: CONTENT.length }),
        expect.objectContaining({ address: gone, bytesReceived: 0, failures: expect.any(Number) }),
      ]),
    );
    const [status] = documents((await run(directory, ['--json', 'status'])).stdout);
    expect(status).toMatchObject({
      status: 'available',
      counters: { bytesFromPeers: CONTENT.length },
      performanceCounters: { 'Bytes from Cache': CONTENT.length, 'Bytes from Server': 0 },
      hitRatio: 1,
      running: 0,
    });
    const serving = ['status', '--data-dir', join(directory, 'publisher')];
    expect((await run(directory, serving)).stdout).toContain(`peers are served at ${endpoint}\n`);
    publisher.child.kill('SIGINT');
    await publisher.ended;
    expect((await run(directory, serving)).stdout).not.toContain('served at');
    const served = await run(directory, ['peers', '--data-dir', join(directory, 'publisher')]);
    expect(served.stdout).toMatch(/^127\.0\.0\.1 {2}sent 976\.6 KiB, \d+ s ago$/m);
  }));

test('status --watch shows what other processes do, while they do it', () =>
  inDirectory(async (directory) => {
    const watching = start(directory, ['--json', 'status', '--watch']);
    await watching.line(/"available"/);
    const { publisher, endpoint } = await publishing(directory);
    await run(directory, ['retrieve', 'content.bin.ci', '-o', 'copy.bin', '--peer', endpoint]);
    const line = await watching.line(new RegExp(`"bytesFromPeers":${CONTENT.length}`));
    expect(JSON.parse(line)).toMatchObject({ _tag: 'Counters', counters: { blocksVerified: 16 } });
    for (const { child } of [watching, publisher]) child.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0 });
    await publisher.ended;
  }));

test('probe says so when an interface that it is to use is not there', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'content.bin'), CONTENT);
    await run(directory, ['ci', 'make', 'content.bin', '-o', 'content.ci']);
    const ran = await run(directory, ['probe', 'content.ci', '--interface', 'nowhere-7']);
    expect(ran).toMatchObject({ code: 3 });
    expect(ran.stdout).toContain('discovery: nowhere-7: no interface of that name or address is up');
  }));

test('probe does not say of who talks nonsense that he does not answer', () =>
  inDirectory(async (directory) => {
    const speaker = createServer((socket) => socket.on('data', () => socket.end('junk\r\n\r\n')));
    speaker.listen(0, '127.0.0.1');
    await once(speaker, 'listening');
    const peer = `127.0.0.1:${(speaker.address() as AddressInfo).port}`;
    try {
      const ran = await run(directory, ['probe', '--no-multicast', '--peer', peer, '127.0.0.1:9']);
      expect(ran.stdout).toContain(`${peer}  named, what it says is not HTTP\n`);
      expect(ran.stdout).toContain('127.0.0.1:9  named, does not answer: connection failed: ECONNREFUSED');
    } finally {
      speaker.close();
    }
  }));

test('probe tells what peers speak and have', () =>
  inDirectory(async (directory) => {
    const { publisher, endpoint } = await publishing(directory);
    const probe = ['probe', 'content.bin.ci', '--no-multicast', '--peer', endpoint];
    const ran = await run(directory, ['--json', ...probe, '--peer', '127.0.0.1:9']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(documents(ran.stdout)).toMatchObject([
      {
        peers: [
          { peer: endpoint, found: 'named', answer: { segments: { asked: 1, whole: 1, partial: 0 } } },
          { peer: '127.0.0.1:9', failure: { reason: 'unreachable' } },
        ],
        problems: [],
      },
    ]);
    expect((await run(directory, probe)).stdout).toMatch(/answers in \d+ ms.*has 1 of 1 segments/);
    publisher.child.kill('SIGINT');
    await publisher.ended;
    expect(await run(directory, probe)).toMatchObject({ code: 3 });
  }));

test.each([
  ['nothing on record', ['why', 'http://example.com/never'], 3],
  ['a probe of nobody', ['probe'], 2],
  ['a probe of what is no peer', ['probe', '--peer', 'nowhere'], 2],
  ['a probe of what is no host', ['probe', 'junk', '--host', 'a b'], 2],
  ['a probe with what is no content information', ['probe', 'junk', '--no-multicast'], 9],
  ['a probe for a file that is not there', ['probe', 'missing'], 3],
])('%s ends with a message and its exit code', (_name, args, code) =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'junk'), 'not content information');
    const ran = await run(directory, args);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).not.toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  }),
);

test('peers says so when there are none', () =>
  inDirectory(async (directory) => {
    expect(await run(directory, ['peers'])).toMatchObject({ code: 0, stdout: 'none so far\n' });
  }));
