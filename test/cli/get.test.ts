import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { listen } from '../http/support.js';
import { missing } from '../tools.js';
import { AT_A_TERMINAL, COMMAND, inDirectory, run, start } from './run.js';

const CONTENT = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16)).update(
  Buffer.alloc(3_000_000),
);

interface Served {
  readonly url: string;
  readonly peers: string;
}

interface Fetched {
  readonly bytes: number;
  readonly resumedAt: number;
  readonly fromPeers: Readonly<Record<string, number>>;
  readonly fromCache: number;
  readonly fromOrigin: number;
}

const lastOf = (stdout: string): Fetched => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Fetched;

/** Serves the content by that name from a process of its own. Resolves when it has been prepared. */
const serve = async (
  directory: string,
  name: string,
): Promise<Served & { readonly serving: ReturnType<typeof start> }> => {
  await mkdir(join(directory, 'files'));
  await writeFile(join(directory, 'files', name), CONTENT);
  const serving = start(directory, ['--json', 'serve', 'files', '--prepare']);
  const { url, peers } = JSON.parse(await serving.line(/"serving"/)) as Served;
  await serving.line(/"prepared"/);
  return { serving, url, peers };
};

test('get takes the blocks from a peer in another process, and only content information from the origin', () =>
  inDirectory(async (directory) => {
    const { serving, url, peers } = await serve(directory, 'a b.bin');
    const file = `${url}a%20b.bin`;
    const other = ['--json', '--data-dir', join(directory, 'other')];

    const first = await run(directory, [...other, 'get', file, '--peer', peers]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(join(directory, 'a b.bin'))).equals(CONTENT)).toBe(true);
    expect(lastOf(first.stdout)).toMatchObject({ fromPeers: { [peers]: CONTENT.length }, fromOrigin: 0 });

    const second = await run(directory, [...other, 'get', file, '-o', 'again']);
    expect(lastOf(second.stdout)).toMatchObject({ fromCache: CONTENT.length, fromPeers: {}, fromOrigin: 0 });
    expect((await readFile(join(directory, 'again'))).equals(CONTENT)).toBe(true);

    serving.child.kill('SIGINT');
    const { stdout } = await serving.ended;
    // What the server says itself: nobody has had plain bytes of it.
    expect(stdout).toContain('"kind":"peerdist"');
    expect(stdout).not.toContain('"kind":"plain"');
    expect(stdout).not.toContain('"kind":"missing-data"');
  }));

test('why finds what get has fetched, by its file and by the URL as it was given', () =>
  inDirectory(async (directory) => {
    const { serving, url } = await serve(directory, 'content');
    await using plain = await listen((_request, response) => void response.end(CONTENT));
    const other = ['--data-dir', join(directory, 'other')];
    for (const [index, origin] of [`${url}content`, `${plain.url}/content`].entries()) {
      const copy = `copy ${index}`;
      const given = `${origin.replace('//', '//user:hush@')}?token=one#part`;
      expect(await run(directory, [...other, 'get', given, '-o', copy])).toMatchObject({ code: 0 });
      for (const content of [copy, given, `${origin}?token=one`]) {
        const { code, stdout } = await run(directory, [...other, '--json', 'why', content]);
        expect([content, code]).toEqual([content, 0]);
        expect(JSON.parse(stdout)).toMatchObject({
          match: 'name',
          name: `${origin}?…`,
          file: join(directory, copy),
          bytes: { origin: CONTENT.length },
        });
      }
    }
    const { stdout } = await run(directory, [...other, 'why', 'copy 0']);
    expect(stdout).toContain(`${url}content?…, `);
    expect(stdout).toContain(`\n  in ${join(directory, 'copy 0')}\n`);
    serving.child.kill('SIGINT');
    await serving.ended;
  }));

test('get asks the places that it is told, in their order', () =>
  inDirectory(async (directory) => {
    const { serving, url, peers } = await serve(directory, 'content');
    const getFrom = (places: string, ...more: readonly string[]) => {
      const own = ['--json', '--data-dir', join(directory, `${places}.data`)];
      return run(directory, [...own, 'get', `${url}content`, '-o', places, '--places', places, ...more]);
    };
    expect(await getFrom('cache,peers')).toMatchObject({ code: 3 });
    const peersOnly = await getFrom('cache,peers', '--peer', peers);
    expect(lastOf(peersOnly.stdout)).toMatchObject({ fromPeers: { [peers]: CONTENT.length }, fromOrigin: 0 });
    const inTheMiddle = await getFrom('cache,hosted-cache,origin,peers', '--peer', peers);
    expect(lastOf(inTheMiddle.stdout)).toMatchObject({ fromPeers: {}, fromOrigin: CONTENT.length });
    for (const places of ['cache,origin,peers', 'origin']) {
      const { stdout } = await getFrom(places, '--peer', peers);
      expect(lastOf(stdout)).toMatchObject({ fromPeers: {}, fromOrigin: CONTENT.length });
      expect((await readFile(join(directory, places))).equals(CONTENT)).toBe(true);
    }
    serving.child.kill('SIGINT');
    await serving.ended;
  }));

test.skipIf(missing('python3'))('get shows at a terminal how much came from where', () =>
  inDirectory(async (directory) => {
    const { serving, url, peers } = await serve(directory, 'content');
    const command = [
      process.execPath,
      COMMAND,
      '--data-dir',
      join(directory, 'other'),
      'get',
      `${url}content`,
    ];
    const shown = async (...args: readonly string[]): Promise<string> => {
      const whole = ['-c', AT_A_TERMINAL, ...command, ...args];
      return (await promisify(execFile)('python3', whole, { cwd: directory })).stdout;
    };
    expect(await shown('-o', 'one', '--peer', peers)).toMatch(
      /100% \| 2\.9 MiB of 2\.9 MiB \|.*, peers 2\.9 MiB/,
    );
    expect(await shown('-o', 'two')).toMatch(/100% \|.*, cache 2\.9 MiB/);
    expect(await shown('-o', 'three', '--places', 'origin')).toMatch(/100% \|.*, origin 2\.9 MiB/);
    serving.child.kill('SIGINT');
    await serving.ended;
  }),
);

test('get goes on from where it was killed', () =>
  inDirectory(async (directory) => {
    const starts: number[] = [];
    await using origin = await listen((request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      starts.push(from);
      const headers = { ETag: '"1"', 'Accept-Ranges': 'bytes', 'Content-Length': CONTENT.length - from };
      const range = { 'Content-Range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
      response.writeHead(from > 0 ? 206 : 200, { ...headers, ...(from > 0 ? range : {}) });
      if (starts.length > 1) response.end(CONTENT.subarray(from));
      else response.write(CONTENT.subarray(0, 1_000_000));
    });
    const fetching = start(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    await fetching.line(/"Received"/);
    fetching.child.kill('SIGKILL');
    await fetching.ended;
    expect(await readdir(directory)).toContain('copy.part');

    const ran = await run(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);
    const { resumedAt, bytes } = lastOf(ran.stdout);
    expect(resumedAt).toBeGreaterThan(0);
    expect(starts).toEqual([0, resumedAt]);
    expect(resumedAt + bytes).toBe(CONTENT.length);
    expect(await readdir(directory)).not.toContain('copy.part');
  }));

test('get stops at once by a signal', () =>
  inDirectory(async (directory) => {
    await using origin = await listen((_request, response) => {
      response.writeHead(200, { 'Content-Length': CONTENT.length });
      response.write(CONTENT.subarray(0, 500_000));
    });
    const fetching = start(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    await fetching.line(/"Received"/);
    fetching.child.kill('SIGTERM');
    expect((await fetching.ended).code).toBe(130);
  }));

test.each([
  ['not there', 404, 3],
  ['forbidden', 403, 4],
  ['out of order', 503, 6],
])('an origin where it is %s (%d) makes exit code %d', (_name, status, code) =>
  inDirectory(async (directory) => {
    await using origin = await listen((_request, response) => void response.writeHead(status).end());
    const ran = await run(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: `HTTP_${status}` } });
    expect(await readdir(directory)).not.toContain('copy');
  }),
);

/** Any file that is there. */
const CERTIFICATE = fileURLToPath(import.meta.url);

test.each([
  ['a URL that is none', ['nowhere', '-o', 'copy']],
  ['another scheme', ['ftp://127.0.0.1/x', '-o', 'copy']],
  ['a URL without a name', ['http://127.0.0.1:1/']],
  ['a name out of the directory', ['http://127.0.0.1:1/..%2f..%5cx']],
  ['a peer that is none', ['http://127.0.0.1:1/x', '--peer', 'here']],
  ['a place that is none', ['http://127.0.0.1:1/x', '--places', 'cache,moon']],
  ['an order that there is not', ['http://127.0.0.1:1/x', '-o', 'copy', '--places', 'peers,cache']],
  ['a certificate that is not there', ['http://127.0.0.1:1/x', '--hosted-cache-ca', 'missing.pem']],
  ['a certificate for no hosted cache', ['http://127.0.0.1:1/x', '--hosted-cache-ca', CERTIFICATE]],
  ['offers for no hosted cache', ['http://127.0.0.1:1/x', '--hosted-cache-tls', '127.0.0.1:1']],
  ['the turn of no hosted cache', ['http://127.0.0.1:1/x', '--hosted-cache-first']],
  ['a hosted cache that is none', ['http://127.0.0.1:1/x', '--hosted-cache', 'here']],
])('%s is wrong usage', (_name, args) =>
  inDirectory(async (directory) => {
    const ran = await run(directory, ['get', ...args]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).not.toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  }),
);

test('whose output nobody reads any more has not done what it was to do', () =>
  inDirectory(async (directory) => {
    await using origin = await listen((_request, response) => {
      response.writeHead(200, { 'Content-Length': 2_000_000 });
      const writing = setInterval(() => response.write(Buffer.alloc(10_000)), 10);
      response.on('close', () => clearInterval(writing));
    });
    const getting = start(directory, ['--json', 'get', `${origin.url}/file`]);
    await getting.line(/_tag/);
    getting.child.stdout?.destroy();
    expect((await getting.ended).code).toBe(141);
    expect(await readdir(directory)).not.toContain('file');
  }));

test('what no origin can be asked for is told as such, whatever its name', () =>
  inDirectory(async (directory) => {
    const ran = await run(directory, ['get', 'ftp://127.0.0.1/']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('must be an absolute URL of http or https');
  }));
