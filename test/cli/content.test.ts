import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run, start } from './run.js';

const CONTENT = randomBytes(3_000_000);

test('publish serves until Ctrl-C, retrieve fetches, verifies and resumes from the cache', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'content.bin'), CONTENT);
    const publisher = start(directory, ['--json', 'publish', 'content.bin']);
    const { endpoint } = JSON.parse(await publisher.line(/"serving"/)) as { readonly endpoint: string };

    const other = join(directory, 'other');
    const args = ['retrieve', 'content.bin.ci', '--data-dir', other, '-o', 'copy.bin', '--peer', endpoint];
    const first = await run(directory, ['--json', ...args]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(first.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(result).toMatchObject({
      _tag: 'Retrieved',
      bytes: CONTENT.length,
      fromPeers: { [endpoint]: CONTENT.length },
      fromCache: 0,
      sha256: createHash('sha256').update(CONTENT).digest('hex'),
    });
    expect((await readFile(join(directory, 'copy.bin'))).equals(CONTENT)).toBe(true);

    publisher.child.kill('SIGINT');
    expect(await publisher.ended).toMatchObject({ code: 0, stderr: '' });

    const again = await run(directory, args);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('from the cache: 2.9 MiB');
  }));

test('publish makes version 2 where asked: of a changed file only what changed is fetched', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'old'), CONTENT);
    const changed = Buffer.concat([CONTENT.subarray(0, 1_000), randomBytes(1_000), CONTENT.subarray(1_000)]);
    await writeFile(join(directory, 'new'), changed);
    const publisher = start(directory, ['--json', 'publish', 'old', 'new', '--ci-version', '2']);
    const { endpoint } = JSON.parse(await publisher.line(/"serving"/)) as { readonly endpoint: string };
    const retrieve = async (name: string): Promise<Record<string, unknown>> => {
      const where = ['--data-dir', join(directory, 'other'), '--peer', endpoint, '-o', `${name}.copy`];
      const { stdout } = await run(directory, ['--json', 'retrieve', `${name}.ci`, ...where]);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    };
    expect(await retrieve('old')).toMatchObject({ fromPeers: { [endpoint]: CONTENT.length } });
    const { fromPeers, fromCache } = await retrieve('new');
    expect((await readFile(join(directory, 'new.copy'))).equals(changed)).toBe(true);
    const fetched = (fromPeers as Record<string, number>)[endpoint] ?? 0;
    // A few segments of up to 128 KiB around the change.
    expect(fetched).toBeLessThan(4 * 131_072);
    expect(fromCache).toBe(changed.length - fetched);
    publisher.child.kill('SIGINT');
    expect(await publisher.ended).toMatchObject({ code: 0, stderr: '' });

    const wrong = await run(directory, ['publish', 'old', '--segmentation', 'fixed']);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain("goes with '--ci-version 2'");
  }));

test('content information is written for its owner only and never over a file', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'f'), CONTENT);
    const make = ['ci', 'make', 'f', '--secret-hex', '00', '-o', 'f.ci'];
    expect(await run(directory, make)).toMatchObject({ code: 0 });
    expect((await stat(join(directory, 'f.ci'))).mode & 0o777).toBe(0o600);
    expect(await run(directory, make)).toMatchObject({ code: 5, stdout: '' });
    expect(await run(directory, [...make, '--force'])).toMatchObject({ code: 0 });
  }));

test('ci show tells ranges and hides secrets unless asked', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'f'), CONTENT.subarray(0, 128_000));
    await run(directory, ['ci', 'make', 'f', '--range', '70000-70999', '--hash', 'sha384', '-o', 'f.ci']);
    const shown = await run(directory, ['--json', 'ci', 'show', 'f.ci']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      hash: 'sha384',
      range: { start: 70_000, length: 1_000 },
      segments: [{ offset: 0, length: 128_000, blocks: 2 }],
    });
    expect(shown.stdout).not.toContain('secret');
    expect((await run(directory, ['ci', 'show', 'f.ci', '--secrets'])).stdout).toContain('secret');
  }));

test('ci make and show speak version 2', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'f'), CONTENT);
    const make = ['ci', 'make', 'f', '--ci-version', '2', '--range', '200000-200999'];
    await run(directory, [...make, '--segmentation', 'fixed', '-o', 'fixed.ci']);
    const shown = await run(directory, ['--json', 'ci', 'show', 'fixed.ci']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      version: '2.0',
      hash: 'truncated-sha512',
      range: { start: 200_000, length: 1_000 },
      segments: [{ offset: 131_072, length: 131_072, blocks: 1 }],
    });
    await run(directory, ['ci', 'make', 'f', '--ci-version', '2', '-o', 'f.ci']);
    const cut = JSON.parse((await run(directory, ['--json', 'ci', 'show', 'f.ci'])).stdout) as {
      readonly segments: readonly { readonly offset: number; readonly length: number }[];
    };
    expect(cut.segments.reduce((sum, { length }) => sum + length, 0)).toBe(CONTENT.length);
    expect(cut.segments.every(({ offset }) => offset % 65_536 === 0)).toBe(false);
  }));

test.each([
  ['a missing file', ['publish', 'missing'], 3],
  ['an empty file', ['publish', 'empty'], 2],
  ['a directory', ['publish', '.'], 2],
  ['a missing content information file', ['retrieve', 'missing', '-o', 'x'], 3],
  ['content information of another version', ['retrieve', 'junk', '-o', 'x'], 8],
  ['truncated content information', ['retrieve', 'truncated', '-o', 'x'], 9],
  ['content that nobody has', ['retrieve', 'good.ci', '-o', 'x', '--timeout', '200'], 3],
  ['a peer that is no address', ['retrieve', 'good.ci', '-o', 'x', '--peer', 'nowhere'], 2],
  ['a wait that is none', ['retrieve', 'good.ci', '-o', 'x', '--timeout', 'abc'], 2],
  ['a name that is too long', ['retrieve', 'good.ci', '-o', 'x'.repeat(300)], 2],
  [
    'a certificate that is none',
    [
      ...['retrieve', 'good.ci', '-o', 'x', '--hosted-cache', '127.0.0.1:1'],
      ...['--hosted-cache-tls', '127.0.0.1:1', '--hosted-cache-ca', 'junk'],
    ],
    2,
  ],
  ['an output that cannot be written', ['retrieve', 'good.ci', '-o', 'missing/x'], 3],
  ['empty content', ['ci', 'make', 'empty', '-o', 'x'], 2],
  ['a range outside of the content', ['ci', 'make', 'junk', '--range', '0-999999', '-o', 'x'], 2],
  ['a hash for version 2', ['ci', 'make', 'junk', '--ci-version', '2', '--hash', 'sha256', '-o', 'x'], 2],
  ['a segmentation for version 1', ['ci', 'make', 'junk', '--segmentation', 'fixed', '-o', 'x'], 2],
  ['an unknown command', ['frobnicate'], 2],
  ['a missing option', ['retrieve', 'good.ci'], 2],
  ['a listen address that is none', ['publish', 'junk', '--listen', '8080'], 2],
])('%s ends with a message and its exit code', (_name, args, code) =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'empty'), '');
    await writeFile(join(directory, 'junk'), 'not content information');
    await writeFile(join(directory, 'truncated'), Buffer.from('00010c80000000000000000000000100', 'hex'));
    await run(directory, ['ci', 'make', 'junk', '-o', 'good.ci']);
    const ran = await run(directory, args);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).not.toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
    await expect(stat(join(directory, 'x'))).rejects.toThrow('ENOENT');
  }),
);

test('publish tells when the service is switched off and on, and serves where it did before', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'file'), 'content of a file');
    const publisher = start(directory, ['publish', 'file']);
    const [address = ''] = /127\.0\.0\.1:\d+/.exec(await publisher.line(/^serving on/)) ?? [];
    await run(directory, ['disable']);
    await publisher.line(/^not serving: the service is disabled/);
    await run(directory, ['enable']);
    const retrieve = ['--data-dir', join(directory, 'other'), 'retrieve', 'file.ci', '--peer', address];
    await expect
      .poll(async () => (await run(directory, [...retrieve, '-o', 'copy'])).code, { timeout: 30_000 })
      .toBe(0);
    publisher.child.kill('SIGINT');
    const { stdout } = await publisher.ended;
    expect(stdout.match(/^serving on .*$/gm)).toEqual(
      [1, 2].map(() => `serving on ${address}; stop with Ctrl-C`),
    );
  }));

test('a range that ends behind the content is told by what was asked for', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'small'), '12345');
    const ran = await run(directory, ['ci', 'make', 'small', '--range', '2-9', '-o', 'x']);
    expect(ran.stderr).toContain('small: 8 bytes from 2 on are not all in a content of 5 bytes');
  }));

test.each([
  [['--json', 'retrieve', 'missing', '-o', 'x'], { _tag: 'NotFound', code: 'ENOENT' }],
  [['--json', 'frobnicate'], { _tag: 'BadArgument', code: 'PEERWEAVE_USAGE' }],
  [['--json'], { message: 'peerweave: no command is given. --help tells more.' }],
  [
    ['retrieve', 'x.ci', '--json'],
    { message: expect.stringContaining("'-o, --output <file>' not specified") },
  ],
  [['ci', 'make', 'x', '--segmentation', 'fixed', '-o', 'x', '--json'], { code: 'PEERWEAVE_USAGE' }],
])('faults are JSON on stderr with --json, and nothing else: %j', (args, error) =>
  inDirectory(async (directory) => {
    const ran = await run(directory, args);
    expect(ran.stdout).toBe('');
    expect(JSON.parse(ran.stderr)).toMatchObject({ error });
  }),
);

test('disable reaches a process that is running, and enable brings it back', () =>
  inDirectory(async (directory) => {
    const watching = start(directory, ['--json', 'status', '--watch']);
    await watching.line(/"available"/);
    expect(await run(directory, ['disable'])).toMatchObject({ code: 0 });
    await watching.line(/"disabled"/);
    expect((await run(directory, ['status'])).stdout).toMatch(/^disabled/);
    await writeFile(join(directory, 'f'), CONTENT);
    expect(await run(directory, ['publish', 'f'])).toMatchObject({ code: 6, stdout: '' });
    expect(await run(directory, ['enable'])).toMatchObject({ code: 0 });
    await expect.poll(async () => (await run(directory, ['status'])).stdout.trim()).toBe('available');
    // As when the terminal is closed.
    watching.child.kill(process.platform === 'win32' ? 'SIGTERM' : 'SIGHUP');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    const statuses = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { status: string }).status);
    expect(statuses).toEqual(['available', 'disabled', 'available']);
  }));

test('a taken port makes the service unavailable, with the reason', () =>
  inDirectory(async (directory) => {
    await using taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await writeFile(join(directory, 'f'), CONTENT);
    const ran = await run(directory, ['publish', 'f', '--listen', `127.0.0.1:${port}`]);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toContain('EADDRINUSE');
  }));

test('doctor says which driver does what and why', () =>
  inDirectory(async (directory) => {
    const ran = await run(directory, ['--json', 'doctor']);
    expect(ran.code).toBe(0);
    const report = JSON.parse(ran.stdout) as {
      readonly distribution: { readonly uses: string; because: string };
    };
    expect(report.distribution.uses).toBe(process.platform === 'win32' ? expect.any(String) : 'engine');
    expect(report.distribution.because).not.toBe('');
    expect(ran.stdout).toMatch(/port 80 for serving the network (?:can be had|is taken or not allowed)/);
  }));

test('doctor sees a file where the groups should be', () =>
  inDirectory(async (directory) => {
    await run(directory, ['identity', 'create', '--classifier', 'alice']);
    await rm(join(directory, 'data', 'grouping'), { recursive: true });
    await writeFile(join(directory, 'data', 'grouping'), 'not a directory');
    const ran = await run(directory, ['doctor']);
    expect(ran.code).toBe(6);
    expect(ran.stdout).toMatch(/NO {2}data directory: .*grouping/);
  }));

test('publish takes an address without a port, and says which one it is', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'content.bin'), 'content');
    const publisher = start(directory, ['--json', 'publish', 'content.bin', '--listen', '127.0.0.3']);
    const { endpoint } = JSON.parse(await publisher.line(/"serving"/)) as { readonly endpoint: string };
    expect(endpoint).toMatch(/^127\.0\.0\.3:\d+$/);
    publisher.child.kill('SIGINT');
    await publisher.ended;
    const wrong = await run(directory, ['publish', 'content.bin', '--listen', '127.0.0.3:x']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('HOST:PORT');
  }));
