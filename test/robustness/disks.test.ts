import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { distributionStatus } from 'peerweave';
import { describe, expect, it } from 'vitest';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

const CONTENT = contentOf(100 * BLOCK);

const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0;

/** A file system of 2 MiB of its own in `directory`. Only root can have one, and only on Linux. */
const onSmallDisk = (use: (small: string, directory: string) => Promise<void>): Promise<void> =>
  inDirectory(async (directory) => {
    const small = join(directory, 'small');
    await mkdir(small);
    if (!mount('-t', 'tmpfs', '-o', 'size=2m', 'none', small)) throw new Error('cannot mount');
    try {
      await use(small, directory);
    } finally {
      spawnSync('umount', ['-l', small]);
    }
  });

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(canMount)('a disk that is full', () => {
  it('ends a publication with its own fault, gives the room back, and takes a smaller one', () =>
    onSmallDisk(async (small) => {
      await using node = await openNode(join(small, 'data'), { listen: false });
      const failure = await failureOf(publishOn(node, CONTENT));
      expect(failure).toMatchObject({ _tag: 'System', code: 'ERROR_DISK_FULL' });
      await publishOn(node, CONTENT.subarray(0, 10 * BLOCK));
    }));

  it('does not keep content from being retrieved when it is the cache that is full', () =>
    onSmallDisk(async (small, directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(small, 'data'), { listen: false });
      const to = join(directory, 'copy');
      await retrieveOn(reader, await publishOn(publisher, CONTENT), { peers: [publisher.peer], to });
      expect(CONTENT.equals(await readFile(to))).toBe(true);
    }));

  it('leaves no part of the output, and what was fetched in the cache', () =>
    onSmallDisk(async (small, directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'), { listen: false });
      const information = await publishOn(publisher, CONTENT);
      const wanted = { peers: [publisher.peer], to: join(small, 'copy') };
      const failure = await failureOf(retrieveOn(reader, information, wanted));
      expect(failure).toMatchObject({ _tag: 'System', code: 'ERROR_DISK_FULL' });
      expect(await readdir(small)).toEqual([]);
      const to = join(directory, 'copy');
      const done = await retrieveOn(reader, information, { ...wanted, to });
      expect(CONTENT.equals(await readFile(to))).toBe(true);
      expect(done.fromCache).toBeGreaterThanOrEqual(20 * BLOCK);
    }));
});

it.runIf(canMount)(
  'a disk that turns read-only makes the service unavailable, until it can be written again',
  () =>
    onSmallDisk(async (small) => {
      await using node = await openNode(join(small, 'data'));
      const next = (status: string) =>
        firstValueFrom(
          distributionStatus(node.session).pipe(
            filter((event) => event._tag === 'Status' && event.status === status),
          ),
        );
      await next('available');
      mount('-o', 'remount,ro', small);
      expect(await next('unavailable')).toMatchObject({
        reason: expect.stringMatching(/read-only/) as string,
      });
      expect((await failureOf(publishOn(node, CONTENT.subarray(0, BLOCK))))._tag).toMatch(
        /Unavailable|NotReady/,
      );
      mount('-o', 'remount,rw', small);
      await next('available');
      await publishOn(node, CONTENT.subarray(0, BLOCK));
    }),
);

it.runIf(canMount)('a data directory that cannot be made on a read-only disk is told of by its reason', () =>
  onSmallDisk(async (small) => {
    mount('-o', 'remount,ro', small);
    await using node = await openNode(join(small, 'deep', 'data'), { listen: false });
    const status = await firstValueFrom(distributionStatus(node.session));
    expect(status).toMatchObject({
      status: 'unavailable',
      reason: expect.stringMatching(/read-only/) as string,
    });
  }),
);
