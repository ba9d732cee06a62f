import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isPeerError } from 'peerweave';
import { describe, expect, it } from 'vitest';
import { BLOCK, contentOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

const CONTENT = contentOf(6 * BLOCK + 11);

const DAMAGE: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'with a flipped byte': async (path) => {
    const bytes = await readFile(path);
    const at = bytes.length >> 1;
    if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, bytes);
  },
  truncated: async (path) => truncate(path, (await stat(path)).size >> 1),
  emptied: (path) => truncate(path, 0),
  'filled with noise': async (path) => writeFile(path, randomBytes((await stat(path)).size)),
  removed: (path) => rm(path),
  'replaced by a directory': async (path) => {
    await rm(path);
    await mkdir(path);
  },
};

const filesBelow = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

describe.each(Object.entries(DAMAGE))(
  'every file of the data directory, one after the other, %s',
  (_name, damage) => {
    it.each(['while an engine runs', 'before it starts'])(
      '%s never gives a wrong byte or an untyped error',
      (when) =>
        inDirectory(async (directory) => {
          await using publisher = await openNode(join(directory, 'publisher'));
          const information = await publishOn(publisher, CONTENT);
          const readerData = join(directory, 'reader');
          const to = join(directory, 'copy');
          const attempt = async (node: Awaited<ReturnType<typeof openNode>>): Promise<void> => {
            try {
              await retrieveOn(node, information, { peers: [publisher.peer], to });
              expect((await readFile(to)).equals(CONTENT)).toBe(true);
              await publishOn(node, contentOf(BLOCK + 1, 9));
            } catch (error) {
              if (!isPeerError(error)) throw error;
              expect(error._tag).not.toBe('Defect');
            }
          };
          let count = 1;
          for (let index = 0; index < count; index += 1) {
            await rm(readerData, { recursive: true, force: true });
            const before = await openNode(readerData, { listen: false });
            await retrieveOn(before, information, { peers: [publisher.peer] });
            await publishOn(before, contentOf(2 * BLOCK, 8));
            const files = (await filesBelow(readerData)).sort();
            count = files.length;
            const victim = files[index];
            if (victim === undefined) break;
            if (when === 'before it starts') await before[Symbol.asyncDispose]();
            // The session took its publication along.
            if ((await stat(victim).catch(() => undefined)) !== undefined) await damage(victim);
            const node = when === 'before it starts' ? await openNode(readerData, { listen: false }) : before;
            await attempt(node);
            await node[Symbol.asyncDispose]();
          }
          expect(count).toBeGreaterThan(5);
        }),
    );
  },
);
