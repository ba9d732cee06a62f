import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ContentDirectory,
  createContentDirectory,
  createContentServer,
  serveDirectory,
} from '../../src/http/index.js';
import { requestPath } from '../../src/http/server/directory/request-path.js';
import { ask, contentOf, listen, type Machine, PEERDIST_1_1, startMachine } from './support.js';

const LARGE = contentOf(100_000);
const HOSTILE = `<img src=x onerror=alert('1')>&"`;

let machine: Machine;
let files: ContentDirectory;
let origin: Awaited<ReturnType<typeof listen>>;
let indexed: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  machine = await startMachine();
  const root = join(machine.directory, 'root');
  await mkdir(join(root, 'folder', 'deep'), { recursive: true });
  await mkdir(join(root, '.hidden'));
  await writeFile(join(machine.directory, 'outside.txt'), 'outside');
  await writeFile(join(machine.directory, 'root-neighbour.txt'), 'outside');
  await writeFile(join(root, 'page.html'), '<p>page</p>');
  await writeFile(join(root, 'html'), 'no extension');
  await writeFile(join(root, 'spaced name ü%.txt'), 'spaced');
  await writeFile(join(root, HOSTILE.replaceAll('/', '')), 'hostile');
  await writeFile(join(root, 'folder', 'large.bin'), LARGE);
  await writeFile(join(root, '.secret'), 'secret');
  await writeFile(join(root, '.hidden', 'secret.txt'), 'secret');
  await symlink('folder/large.bin', join(root, 'link-inside'));
  await symlink('../outside.txt', join(root, 'link-outside'));
  await symlink('..', join(root, 'folder', 'link-up'));
  await symlink(machine.directory, join(root, 'folder', 'link-out'));
  await symlink('.secret', join(root, 'link-to-hidden'));
  await symlink('page.html', join(root, '.link-from-hidden'));
  await symlink('loop', join(root, 'loop'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(root, 'pipe')]);
  // Only Linux lets names be any bytes.
  if (process.platform === 'linux') {
    await writeFile(
      Buffer.concat([Buffer.from(join(root, 'lat')), Buffer.from([0xe9]), Buffer.from('in')]),
      'latin',
    );
  }
  const content = createContentServer({ session: machine.session });
  files = createContentDirectory(content, root);
  origin = await listen(serveDirectory(files));
  indexed = await listen(serveDirectory(createContentDirectory(content, root, { index: true })));
});

afterAll(async () => {
  await indexed[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

describe('served', () => {
  it.each([
    ['/page.html', '<p>page</p>', 'text/html; charset=utf-8'],
    ['/page.html?query#fragment', '<p>page</p>', 'text/html; charset=utf-8'],
    ['http://any.example/page.html', '<p>page</p>', 'text/html; charset=utf-8'],
    ['/html', 'no extension', 'application/octet-stream'],
    ['/spaced%20name%20%C3%BC%25.txt', 'spaced', 'text/plain; charset=utf-8'],
    ['/folder/large.bin', LARGE.toString('latin1'), 'application/octet-stream'],
    ['/link-inside', LARGE.toString('latin1'), 'application/octet-stream'],
    ['/folder/link-up/page.html', '<p>page</p>', 'text/html; charset=utf-8'],
  ])('%s', async (path, body, type) => {
    const answer = await ask(origin.url, { path });
    expect(answer.status).toBe(200);
    expect(answer.body.toString('latin1')).toBe(body);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });
});

it('a file that is replaced all the time is there all the time, as it was or as it is', async () => {
  const path = join(machine.directory, 'root', 'replaced');
  await writeFile(path, 'x'.repeat(1_000));
  let isOver = false;
  const replacing = (async () => {
    for (let count = 0; !isOver; count += 1) {
      await writeFile(`${path}.new`, String(count % 10).repeat(1_000));
      await rename(`${path}.new`, path);
    }
  })();
  const asking = async (): Promise<void> => {
    for (let count = 0; count < 60; count += 1) {
      const { status, body } = await ask(origin.url, { path: '/replaced' });
      expect(status).toBe(200);
      expect(body.toString()).toMatch(/^(.)\1{999}$/);
    }
  };
  await Promise.all(Array.from({ length: 4 }, asking)).finally(() => (isOver = true));
  await replacing;
  await rm(path);
});

describe('as if it did not exist', () => {
  it.each([
    ['/nothing'],
    ['/'],
    ['/folder'],
    ['/folder/'],
    ['/page.html/'],
    ['/page.html/x'],
    ['/.secret'],
    ['/%2esecret'],
    ['/.hidden/secret.txt'],
    ['/link-to-hidden'],
    ['/.link-from-hidden'],
    ['/link-outside'],
    ['/folder/link-out/outside.txt'],
    ['/../outside.txt'],
    ['/../root-neighbour.txt'],
    ['/../root/page.html'],
    ['/folder/../page.html'],
    ['/folder/./large.bin'],
    ['/%2e%2e/outside.txt'],
    ['/%2e%2e%2foutside.txt'],
    ['/..%2foutside.txt'],
    ['/..%5coutside.txt'],
    ['/..\\outside.txt'],
    ['/folder%2flarge.bin'],
    ['//page.html'],
    ['/folder//large.bin'],
    ['/page.html%00'],
    ['/page.html%00.txt'],
    ['/%'],
    ['/%c3%28'],
    ['/etc/passwd'],
    ['//etc/passwd'],
    ['*'],
    ['/loop'],
    ['/pipe'],
  ])('%s', async (path) => {
    const answer = await ask(origin.url, { path });
    expect(answer).toMatchObject({ status: 404 });
    expect(answer.body).toHaveLength(0);
  });

  it('is a name that is too long for any file', async () => {
    expect((await ask(origin.url, { path: `/${'x'.repeat(5_000)}` })).status).toBe(404);
  });

  it('is what no client may write', async () => {
    expect((await ask(origin.url, { path: '/page.html', method: 'PUT' })).status).toBe(405);
  });
});

describe('a path', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '%2f',
      '%5c',
      '%00',
      'folder',
      'link-out',
      'C:',
      'nul',
      'a.',
      'a:b',
    ),
  );

  property.prop([fc.array(name, { maxLength: 6 }), fc.constantFrom('linux', 'win32')])(
    'never yields a name that is more than one name',
    (names, platform) => {
      const path = requestPath(`/${names.join('/')}`, platform);
      for (const found of path?.names ?? []) {
        expect(['', '.', '..']).not.toContain(found);
        expect(found).not.toMatch(platform === 'win32' ? /[/\\:\0]/ : /[/\0]/);
      }
    },
  );

  it.each(['', 'page.html', 'http:/page.html', 'ftp://host/page.html', '?/page.html'])(
    '"%s" is none',
    (url) => expect(requestPath(url)).toBeUndefined(),
  );

  it.each([
    'con',
    'NUL.txt',
    'com1',
    'LPT9.log',
    'file.',
    'file ',
    'file::$DATA',
    'C:',
    'a%5cb',
    'AUX.',
    'com¹',
  ])('%s is no name on Windows, and one elsewhere', (found) => {
    expect(requestPath(`/${found}`, 'win32')).toBeUndefined();
    expect(requestPath(`/${found}`, 'linux')).toBeDefined();
  });
});

describe('an index', () => {
  it('is given only if it is wanted', async () => {
    expect((await ask(origin.url, { path: '/folder/' })).status).toBe(404);
    const { status, headers } = await ask(indexed.url, { path: '/folder/' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toBe("default-src 'none'");
  });

  it('leads a folder to its own path, wherever it is mounted', async () => {
    const { status, headers } = await ask(indexed.url, { path: '/folder/deep' });
    expect(status).toBe(301);
    expect(new URL(headers.location ?? '', 'http://host/folder/deep').pathname).toBe('/folder/deep/');
  });

  it('shows names as text, links to them, and hides what is hidden', async () => {
    const page = (await ask(indexed.url, { path: '/' })).body.toString();
    expect(page).not.toContain('<img');
    expect(page).not.toContain('secret');
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link ?? '');
    const hostile = links.find((link) => link.includes('onerror')) ?? '';
    const { pathname } = new URL(hostile, 'http://host/');
    expect((await ask(indexed.url, { path: pathname })).body.toString()).toBe('hostile');
    expect(links).toContain('./folder/');
    expect(links.filter((link) => link.includes('lat'))).toEqual([]);
  });
});

it('prepare makes every file ready that a URL leads to, and tells which it cannot', async () => {
  const done: Record<string, string | undefined> = {};
  for await (const { path, fault } of files.prepare()) done[path] = fault?._tag;
  expect(done).toEqual({
    'page.html': undefined,
    html: undefined,
    'spaced name ü%.txt': undefined,
    [HOSTILE]: undefined,
    'folder/large.bin': undefined,
    'link-inside': undefined,
    'link-outside': 'NotFound',
    'link-to-hidden': 'NotFound',
    loop: expect.stringMatching(/NotFound|System/),
  });
  const { headers } = await ask(origin.url, { path: '/folder/large.bin', headers: PEERDIST_1_1 });
  expect(headers['content-encoding']).toBe('peerdist');
  const linked = await ask(origin.url, { path: '/link-inside', headers: PEERDIST_1_1 });
  expect(linked.headers['content-encoding']).toBe('peerdist');
});
