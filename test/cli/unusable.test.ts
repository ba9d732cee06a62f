import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, contentOf, listen, PEERDIST_1_1 } from '../http/support.js';
import { inDirectory, run, start } from './run.js';

const CONTENT = contentOf(100_000);

/** Of a network for examples (RFC 5737): no machine has it. */
const NOBODYS = '192.0.2.1:8081';

const withFile = (use: (directory: string) => Promise<void>): Promise<void> =>
  inDirectory(async (directory) => {
    await mkdir(join(directory, 'files'));
    await writeFile(join(directory, 'files', 'content'), CONTENT);
    await use(directory);
  });

const UNUSABLE: readonly (readonly [string, (option: string) => readonly string[], string])[] = [
  ['an address that no interface has', (option) => [option, NOBODYS], 'EADDRNOTAVAIL'],
  ['a data directory that cannot be made', () => ['--data-dir', 'files/content/below'], 'data directory'],
];

test.each(UNUSABLE)('get says that it asks the origin only, with %s', (_name, args, why) =>
  withFile(async (directory) => {
    await using origin = await listen((_request, response) => void response.end(CONTENT));
    const ran = await run(directory, ['--json', 'get', origin.url, '-o', 'copy', ...args('--listen')]);
    expect(ran.code).toBe(0);
    expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);
    const { error } = JSON.parse(ran.stderr) as { readonly error: { readonly message: string } };
    expect(error).toMatchObject({ _tag: 'Unavailable' });
    expect(error.message).toContain(why);
  }),
);

test.each(UNUSABLE)('serve does not begin with %s', (_name, args, why) =>
  withFile(async (directory) => {
    const ran = await run(directory, ['--json', 'serve', 'files', ...args('--peer-listen')]);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    const { error } = JSON.parse(ran.stderr) as { readonly error: { readonly message: string } };
    expect(error.message).toContain(why);
  }),
);

test('serve says that it gives no content information while the service is off, and serves', () =>
  withFile(async (directory) => {
    expect((await run(directory, ['disable'])).code).toBe(0);
    const serving = start(directory, ['--json', 'serve', 'files']);
    const { url } = JSON.parse(await serving.line(/"serving"/)) as { readonly url: string };
    const answer = await ask(`${url}content`, { headers: PEERDIST_1_1 });
    expect(answer.body.equals(CONTENT)).toBe(true);
    serving.child.kill('SIGINT');
    const { code, stderr } = await serving.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('no content information');
    expect(stderr).toContain('switched off');
  }));

test('get says nothing of a service that was switched off', () =>
  withFile(async (directory) => {
    expect((await run(directory, ['disable'])).code).toBe(0);
    await using origin = await listen((_request, response) => void response.end(CONTENT));
    expect(await run(directory, ['get', origin.url, '-o', 'copy'])).toMatchObject({ code: 0, stderr: '' });
  }));
