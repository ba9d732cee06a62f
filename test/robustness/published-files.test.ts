import { readdir, readFile, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { distributionEvents, publish } from 'peerweave';
import { filter, firstValueFrom, lastValueFrom, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

const CONTENT = contentOf(40 * BLOCK + 5);

const bytesBelow = async (directory: string): Promise<number> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** A file, a node to publish it and one to fetch it. */
const withFile = (
  use: (world: {
    readonly path: string;
    readonly directory: string;
    readonly publisher: Awaited<ReturnType<typeof openNode>>;
    fetch(information: Uint8Array): Promise<Buffer>;
  }) => Promise<void>,
): Promise<void> =>
  inDirectory(async (directory) => {
    const path = join(directory, 'file');
    await writeFile(path, CONTENT);
    await using publisher = await openNode(join(directory, 'publisher'));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const to = join(directory, 'copy');
    const fetch = async (information: Uint8Array): Promise<Buffer> => {
      await retrieveOn(reader, information, { peers: [publisher.peer], to, timeoutMs: 1_000 });
      return readFile(to);
    };
    await use({ path, directory, publisher, fetch });
  });

describe('a file that is published by its path', () => {
  it('is served without a copy of it', () =>
    withFile(async ({ path, directory, publisher, fetch }) => {
      const information = await publishOn(publisher, path);
      expect(await bytesBelow(join(directory, 'publisher'))).toBeLessThan(2 * BLOCK);
      expect((await fetch(information)).equals(CONTENT)).toBe(true);
    }));

  it('is served from a copy, if one is wanted, when it is gone', () =>
    withFile(async ({ path, publisher, fetch }) => {
      const last = await lastValueFrom(publish(path, { session: publisher.session, keepCopy: true }));
      await rm(path);
      if (last._tag !== 'Published') throw new Error('interrupted');
      expect((await fetch(last.contentInformation)).equals(CONTENT)).toBe(true);
    }));

  it('may be a symbolic link that leads elsewhere later', () =>
    withFile(async ({ path, directory, publisher, fetch }) => {
      const link = join(directory, 'link');
      await symlink('file', link);
      const information = await publishOn(publisher, link);
      await unlink(link);
      await symlink('/dev/null', link);
      await rename(path, `${path}.moved`).then(() => rename(`${path}.moved`, path));
      expect((await fetch(information)).equals(CONTENT)).toBe(true);
    }));

  it('is noticed when it changes, and what has changed is not served', () =>
    withFile(async ({ path, publisher, fetch }) => {
      const information = await publishOn(publisher, path);
      const told = firstValueFrom(
        distributionEvents(publisher.session).pipe(
          filter(({ _tag }) => _tag === 'PublicationChanged'),
          timeout(20_000),
        ),
      );
      const changed = Buffer.from(CONTENT);
      changed.fill(0, 7 * BLOCK, 8 * BLOCK);
      await writeFile(path, changed);
      expect(await told).toMatchObject({ path, change: 'content' });
      expect((await failureOf(fetch(information)))._tag).toBe('NotFound');
    }));
});
