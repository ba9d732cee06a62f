import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { batch, post, V2_PATH } from '../engine/hosted-cache/harness.js';
import { selfSigned } from '../engine/hosted-cache/self-signed.js';
import { memorySource, segmentOf, startServer } from '../engine/retrieval/harness.js';
import { inDirectory, run, start, type Running } from './run.js';

interface Serving {
  readonly endpoint: string;
  readonly secureEndpoint?: string;
  readonly segments: number;
}

const LISTEN = ['--listen', '127.0.0.1:0'];

const serving = async (running: Running): Promise<Serving> =>
  JSON.parse(await running.line(/"serving"/)) as Serving;

test('hosted-cache keeps what it was offered over a kill, and serves it', () =>
  inDirectory(async (directory) => {
    const segments = Array.from({ length: 30 }, (_, index) => segmentOf(65_536, `segment ${index}`));
    const offering = await startServer({ source: memorySource(segments) });
    const first = start(directory, ['--json', 'hosted-cache', ...LISTEN, '--events']);
    const { endpoint } = await serving(first);
    const offer = batch(
      offering.port,
      segments.map(({ info }) => info),
    );
    await post(endpoint, V2_PATH, offer);
    await first.line(/BlockResponseReceived/);
    // In the middle of it, or behind it: what was told to be here must be here afterwards.
    first.child.kill('SIGKILL');
    const { stdout } = await first.ended;
    const told = stdout.split('\n').filter((line) => line.includes('BlockResponseReceived')).length;

    const second = start(directory, ['--json', 'hosted-cache', ...LISTEN, '--events']);
    const again = await serving(second);
    expect(again.segments).toBeGreaterThanOrEqual(told);
    await post(again.endpoint, V2_PATH, offer);
    await vi.waitFor(async () => {
      for (const { info } of segments) {
        // MSG_GETBLKS of 68 bytes for block 0, as the specification lays it out.
        const head = '00000001' + '00000003' + '00000044' + '00000001';
        const id = `00000020${Buffer.from(info.id).toString('hex')}`;
        const body = Buffer.from(`${head}${id}00000001000000000000000100000000`, 'hex');
        const answer = await post(again.endpoint, '/116B50EB-ECE2-41ac-8429-9F9E963361B7/', body);
        expect(answer.body.length).toBeGreaterThan(2 * 65_552);
      }
    }, 20_000);
    second.child.kill('SIGINT');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });

    const third = start(directory, ['--json', 'hosted-cache', ...LISTEN]);
    expect(await serving(third)).toMatchObject({ segments: 30 });
    third.child.kill('SIGTERM');
    expect(await third.ended).toMatchObject({ code: 0 });
  }));

test('retrieve offers by TLS to a hosted cache of version 1', () =>
  inDirectory(async (directory) => {
    const { cert, key } = await selfSigned();
    await writeFile(join(directory, 'cert.pem'), cert);
    await writeFile(join(directory, 'key.pem'), key);
    const content = randomBytes(300_000);
    await writeFile(join(directory, 'content'), content);
    const tls = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem', '--tls-listen', '127.0.0.1:0'];
    const cache = start(directory, ['--json', 'hosted-cache', ...LISTEN, ...tls, '--events']);
    const { endpoint, secureEndpoint = '' } = await serving(cache);
    const publishing = start(directory, ['--json', 'publish', 'content']);
    const { endpoint: peer } = await serving(publishing);
    const hosted = ['--hosted-cache', endpoint];
    const trusting = ['--hosted-cache-tls', secureEndpoint, '--hosted-cache-ca', 'cert.pem'];
    const from = (name: string) => [
      '--data-dir',
      join(directory, name),
      'retrieve',
      'content.ci',
      '-o',
      `${name}.out`,
    ];
    const first = await run(directory, [...from('first'), ...hosted, ...trusting, ...LISTEN, '--peer', peer]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    publishing.child.kill('SIGINT');
    await publishing.ended;
    expect(await run(directory, [...from('second'), ...hosted])).toMatchObject({ code: 0 });
    expect((await readFile(join(directory, 'second.out'))).equals(content)).toBe(true);
    cache.child.kill('SIGINT');
    const { stdout } = await cache.ended;
    // INITIAL_OFFER and SEGMENT_INFO, of which a batch is one.
    expect(stdout.match(/"OfferReceived"/g)?.length).toBeGreaterThanOrEqual(2);
  }));

test.each([
  [['--listen', 'nowhere'], 2, 'HOST:PORT'],
  [['--quota', '3'], 2, 'number of bytes'],
  [['--tls-listen', '127.0.0.1:0'], 2, "needs '--tls-cert'"],
  [['--tls-cert', 'missing.pem'], 2, 'go together'],
  [['--tls-cert', 'missing.pem', '--tls-key', 'missing.pem'], 3, 'missing.pem'],
  [['--tls-cert', 'bad.pem', '--tls-key', 'bad.pem'], 2, 'bad.pem and bad.pem: '],
  [['--tls-cert', 'cert.pem', '--tls-key', 'other-key.pem'], 2, 'the key that belongs to it'],
  [['--tls-cert', 'cert.pem', '--tls-key', 'rsa-key.pem'], 2, 'the key is not that of the certificate'],
  [['--data-dir', 'bad.pem'], 6, 'Choose another --data-dir.'],
  [['--listen', '203.0.113.1:80'], 6, 'Choose another address'],
] as const)('hosted-cache %j ends with %i and says why', (flags, code, words) =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'bad.pem'), 'nothing');
    await writeFile(join(directory, 'cert.pem'), (await selfSigned()).cert);
    await writeFile(join(directory, 'other-key.pem'), (await selfSigned()).key);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(directory, 'rsa-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const listen = flags.includes('--listen' as never) ? [] : LISTEN;
    const ran = await run(directory, ['hosted-cache', ...listen, ...flags]);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toContain(words);
  }),
);

test('retrieve passes on to a hosted cache what it got from a peer, and gets it from there', () =>
  inDirectory(async (directory) => {
    const content = randomBytes(1_500_000);
    await writeFile(join(directory, 'content'), content);
    const cache = start(directory, ['--json', 'hosted-cache', ...LISTEN]);
    const hosted = ['--hosted-cache', (await serving(cache)).endpoint];
    const publishing = start(directory, ['--json', 'publish', 'content']);
    const { endpoint: peer } = await serving(publishing);
    const from = (name: string): readonly string[] => {
      const own = ['--data-dir', join(directory, name)];
      return [...own, 'retrieve', 'content.ci', '-o', `${name}.out`];
    };
    const first = await run(directory, [...from('first'), ...hosted, ...LISTEN, '--peer', peer]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    publishing.child.kill('SIGINT');
    await publishing.ended;
    const second = await run(directory, [...from('second'), ...hosted]);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('from the hosted cache: 1.4 MiB');
    expect((await readFile(join(directory, 'second.out'))).equals(content)).toBe(true);
    cache.child.kill('SIGINT');
    expect(await cache.ended).toMatchObject({ code: 0 });
    const status = await run(directory, ['--json', 'status']);
    const { counters } = JSON.parse(status.stdout) as { readonly counters: Record<string, number> };
    expect(counters['offersReceived']).toBeGreaterThan(0);
    expect(counters['bytesServed']).toBeGreaterThanOrEqual(content.length);
  }));
