import { appendFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { firstValueFrom, takeUntil, tap, timer, toArray } from 'rxjs';
import { publish } from 'peerweave';
import { describe, expect, it } from 'vitest';
import {
  contentOf,
  failureOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
  SEGMENT,
  type Node,
} from './support/node.js';

/** Nothing of a publication that failed is left behind. */
const expectNothingLeft = async (directory: string): Promise<void> => {
  const content = join(directory, 'data', 'content');
  // Made with the first publication.
  expect(await readdir(join(content, 'publications')).catch(() => [])).toEqual([]);
};

const withNode = (use: (node: Node, directory: string) => Promise<void>): Promise<void> =>
  inDirectory(async (directory) => {
    await using node = await openNode(join(directory, 'data'), { listen: false });
    await use(node, directory);
    await expectNothingLeft(directory);
  });

describe('a source that', () => {
  it.each<readonly [string, () => unknown]>([
    ['yields text', () => ['text']],
    ['yields numbers', () => [1, 2, 3]],
    ['yields nothing', () => []],
    ['yields empty arrays only', () => [new Uint8Array(0), new Uint8Array(0)]],
    ['is null', () => null],
    ['is a number', () => 7],
    ['is a path with a zero byte', () => 'a\0b'],
    ['is a URL of the web', () => new URL('http://127.0.0.1/')],
  ])('%s is a bad argument', (_name, source) =>
    withNode(async (node) => {
      expect((await failureOf(publishOn(node, source() as string)))._tag).toBe('BadArgument');
    }),
  );

  it('throws half-way fails with what it threw, and the same content can be published afterwards', () =>
    withNode(async (node) => {
      const thrown = new Error('the source is broken');
      const broken = function* (): Generator<Uint8Array> {
        yield contentOf(100_000);
        throw thrown;
      };
      await expect(publishOn(node, broken())).rejects.toSatisfy(
        (error: unknown) => error === thrown || (error as Error).cause === thrown,
      );
    }));

  it.each<readonly [string, () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>]>([
    [
      'never ends',
      function* () {
        for (;;) yield contentOf(65_536);
      },
    ],
    [
      'yields empty arrays for ever',
      function* () {
        for (;;) yield new Uint8Array(0);
      },
    ],
    [
      'never yields',
      async function* () {
        await new Promise(() => undefined);
        yield new Uint8Array(1);
      },
    ],
  ])('%s ends when nobody wants it any more', (_name, source) =>
    withNode(async ({ session }) => {
      await firstValueFrom(publish(source(), { session }).pipe(takeUntil(timer(100)), toArray()));
      // What was under way ends with the session, after this.
      await session.close();
    }),
  );

  it('yields one array larger than a segment is published whole', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'), { listen: false });
      const content = contentOf(SEGMENT + 12_345);
      const information = await publishOn(node, [content]);
      expect((await retrieveOn(node, information)).bytes).toBe(content.length);
    }));
});

describe('a file that changes while it is published', () => {
  it.each([
    ['grows', (path: string) => appendFile(path, contentOf(9_000_000))],
    ['shrinks', (path: string) => truncate(path, 5_000_000)],
    ['is written to', (path: string) => writeFile(path, 'other', { flag: 'r+' })],
  ])('(it %s) is not published', (_name, change) =>
    withNode(async ({ session }, directory) => {
      const path = join(directory, 'file');
      await writeFile(path, contentOf(20_000_000));
      let changing: Promise<void> | undefined;
      const failure = await failureOf(
        firstValueFrom(
          publish(path, { session }).pipe(
            tap(() => void (changing ??= change(path))),
            toArray(),
          ),
        ),
      );
      await changing;
      expect(failure.code).toBe('PEERWEAVE_SOURCE_CHANGED');
      await pause(0);
    }),
  );
});
