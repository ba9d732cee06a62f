import { mkdir, open, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { get } from '../../src/http/index.js';
import { run } from '../cli/run.js';
import {
  contentOf,
  failureOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
  type Node,
} from './support/node.js';

const CONTENT = contentOf(300_000);

/** Both ways to write a file: by content information, and from a URL. */
const WAYS: readonly (readonly [string, (node: Node, to: string) => Promise<unknown>])[] = [
  ['retrieve', async (node, to) => retrieveOn(node, await publishOn(node, CONTENT), { to })],
  [
    'get',
    async ({ session }, to) => {
      const server = createServer((_request, response) => response.end(CONTENT)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        return await lastValueFrom(get(`http://127.0.0.1:${port}/`, { session, to }));
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  ],
];

describe.each(WAYS)('%s to a link', (_name, write) => {
  it('replaces the file that it leads to, and leaves the link', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'));
      await mkdir(join(directory, 'elsewhere'));
      await writeFile(join(directory, 'elsewhere', 'file'), 'an older one');
      await symlink('elsewhere', join(directory, 'folder'));
      await symlink('folder/file', join(directory, 'nearer'));
      await symlink('nearer', join(directory, 'link'));
      await write(node, join(directory, 'link'));
      expect(await readlink(join(directory, 'link'))).toBe('nearer');
      expect(await readlink(join(directory, 'nearer'))).toBe('folder/file');
      expect((await readFile(join(directory, 'elsewhere', 'file'))).equals(CONTENT)).toBe(true);
      expect(await readdir(join(directory, 'elsewhere'))).toEqual(['file']);
      expect((await readdir(directory)).sort()).toEqual(['data', 'elsewhere', 'folder', 'link', 'nearer']);
    }));

  it('that leads to nothing puts the file there, as a shell does', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'));
      await symlink('target', join(directory, 'link'));
      await write(node, join(directory, 'link'));
      expect(await readlink(join(directory, 'link'))).toBe('target');
      expect((await readFile(join(directory, 'target'))).equals(CONTENT)).toBe(true);
    }));

  it('that leads round in a circle is refused', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'));
      await symlink('there', join(directory, 'here'));
      await symlink('here', join(directory, 'there'));
      const failure = await failureOf(write(node, join(directory, 'here')));
      expect(failure).toMatchObject({ _tag: 'BadArgument' });
      expect((await readdir(directory)).sort()).toEqual(['data', 'here', 'there']);
    }));

  it.runIf(process.platform === 'linux')('that leads to what a process has open is refused', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'));
      await using opened = await open(join(directory, 'opened'), 'w');
      await symlink(`/proc/self/fd/${opened.fd}`, join(directory, 'link'));
      const failure = await failureOf(write(node, join(directory, 'link')));
      expect(failure).toMatchObject({ _tag: 'BadArgument' });
      expect(failure.message).toContain('standard output');
      expect((await readdir(directory)).sort()).toEqual(['data', 'link', 'opened']);
      expect(await readFile(join(directory, 'opened'), 'utf8')).toBe('');
    }),
  );
});

it('--force replaces what a link leads to as well', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'content'), CONTENT);
    await writeFile(join(directory, 'out.ci'), 'an older one');
    await symlink('out.ci', join(directory, 'link'));
    expect((await run(directory, ['ci', 'make', 'content', '-o', 'link', '--force'])).code).toBe(0);
    expect(await readlink(join(directory, 'link'))).toBe('out.ci');
    expect((await run(directory, ['ci', 'show', 'out.ci'])).code).toBe(0);
  }));
