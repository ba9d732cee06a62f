import { join } from 'node:path';
import { readFile, readdir } from 'node:fs/promises';
import { firstValueFrom, take, takeUntil, timer, toArray } from 'rxjs';
import { publish, retrieve } from 'peerweave';
import { expect, it } from 'vitest';
import { contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

it('a hundred retrievals at once in one process all get their bytes, in bounded memory', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const contents = Array.from({ length: 100 }, (_, index) => contentOf(1_000_000 + index, index + 1));
    const informations: Uint8Array[] = [];
    for (const content of contents) informations.push(await publishOn(publisher, content));
    const before = process.memoryUsage().rss;
    const wanted = { peers: [publisher.peer], timeoutMs: 60_000 };
    await Promise.all(
      informations.map((information, index) =>
        retrieveOn(reader, information, { ...wanted, to: join(directory, `copy-${index}`) }),
      ),
    );
    for (const [index, content] of contents.entries()) {
      expect(content.equals(await readFile(join(directory, `copy-${index}`)))).toBe(true);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(500 * 1024 * 1024);
  }));

it('a retrieval or publication that is unsubscribed at any step leaves nothing half-done', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const content = contentOf(2_000_000);
    const information = await publishOn(publisher, content);
    const to = join(directory, 'copy');
    const { session } = reader;
    for (let step = 1; step < 12; step += 1) {
      const peers = [publisher.peer];
      const some$ = retrieve(information, { session, peers, to, pieceBytes: 200_000 });
      await firstValueFrom(some$.pipe(take(Math.min(step, 9)), takeUntil(timer(step)), toArray()));
      await firstValueFrom(publish([content], { session }).pipe(takeUntil(timer(step)), toArray()));
    }
    const done = await retrieveOn(reader, information, { peers: [publisher.peer], to });
    expect(done.bytes).toBe(content.length);
    expect(content.equals(await readFile(to))).toBe(true);
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  }));

it('a session that is closed ends everything that is under way with a typed error', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    const information = await publishOn(publisher, contentOf(5_000_000));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const endless = function* (): Generator<Uint8Array> {
      for (;;) yield contentOf(65_536);
    };
    const underWay = [
      ...Array.from({ length: 10 }, () =>
        retrieveOn(reader, information, { peers: ['127.0.0.1:9', publisher.peer] }),
      ),
      publishOn(reader, endless()),
    ].map((work) =>
      work.then(
        () => undefined,
        () => failureOf(work),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 15));
    await reader.session.close();
    const endings = await Promise.all(underWay);
    expect(endings.at(-1)?._tag).toMatch(/Cancelled|HandleClosed|Invalidated/);
  }));
