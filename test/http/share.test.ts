import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { hitRatio, observeDistribution } from '../../src/effects/index.js';
import { findRetrievals, readJournal } from '../../src/engine/index.js';
import { createContentServer, get, sendContent } from '../../src/http/index.js';
import { contentOf, listen, startMachine } from './support.js';

const CONTENT = contentOf(3_000_000);

it('the first one, who is sent the content itself, has it for the next ones by a hash request', async () => {
  await using publisher = await startMachine();
  await using first = await startMachine();
  await using second = await startMachine();
  const path = join(publisher.directory, 'content.bin');
  await writeFile(path, CONTENT);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const asked: (string | string[] | undefined)[] = [];
  const content = createContentServer({ session: publisher.session });
  await using origin = await listen((request, response) => {
    asked.push(request.headers['x-p2p-peerdistex']);
    void sendContent(content, request, response, { path });
  });

  const used: object[] = [];
  observeDistribution(first.session, (event) => {
    if (event._tag === 'OriginUsed') used.push(event);
  });
  const to = join(first.directory, 'copy');
  const progress = await lastValueFrom(get(origin.url, { session: first.session, to }).pipe(toArray()));
  expect(progress[0]).toMatchObject({ basis: 'content' });
  expect((await readFile(to)).equals(CONTENT)).toBe(true);
  expect(asked.at(-1)).toBe('MinContentInformation=1.0, MaxContentInformation=2.0, HashRequest=true');
  expect(used).toEqual([
    {
      _tag: 'OriginUsed',
      startedAt: expect.any(Number),
      name: `${origin.url}/`,
      file: to,
      bytes: CONTENT.length,
      reason: { _tag: 'NoContentInformation', detail: 'the origin had none ready' },
    },
  ]);

  const { host, port } = first.driver.endpoint() ?? { host: '', port: 0 };
  const peer = `${host}:${port}`;
  const { counts } = await lastValueFrom(get(origin.url, { session: second.session, peers: [peer] }));
  expect(counts).toMatchObject({ fromPeers: { [peer]: CONTENT.length }, fromOrigin: 0 });

  // Each byte came once, for the one reason there is.
  const { peers: program, session } = first;
  const counters = await program.promise(program.effects.getDistributionCounters(session));
  expect(counters).toMatchObject({ bytesFromOrigin: CONTENT.length, bytesFromLocalCache: 0 });
  expect(hitRatio(counters)).toBe(0);
  const again = await lastValueFrom(get(origin.url, { session }));
  expect(again.counts).toMatchObject({ fromCache: CONTENT.length, fromOrigin: 0 });
  const half = await program.promise(program.effects.getDistributionCounters(session));
  expect(hitRatio(half)).toBe(0.5);
  await session.close();
  const entries = await readJournal(join(first.directory, 'data'));
  const found = findRetrievals(entries, { name: origin.url }).map(({ retrieval }) => retrieval.explanation);
  expect(found.at(-1)).toEqual({
    bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: CONTENT.length },
    bytesByPeer: {},
    reasons: [{ _tag: 'NoContentInformation', detail: 'the origin had none ready' }],
    segments: [],
  });
  expect(found.map(({ bytes }) => bytes)).toEqual([
    { cache: CONTENT.length, peer: 0, 'hosted-cache': 0, origin: 0 },
    { cache: 0, peer: 0, 'hosted-cache': 0, origin: CONTENT.length },
  ]);
});

it('a content that has changed by then is not shared, and no failure of sharing is one of fetching', async () => {
  await using client = await startMachine();
  let requests = 0;
  await using origin = await listen((request, response) => {
    requests += 1;
    if (request.headers['x-p2p-peerdistex']?.includes('HashRequest=true') === true) {
      response.socket?.destroy();
      return;
    }
    response.setHeader('ETag', '"one"').setHeader('X-P2P-PeerDistEx', 'MakeHashRequest=true');
    response.writeHead(200, { 'Content-Length': CONTENT.length }).end(CONTENT);
  });
  const to = join(client.directory, 'copy');
  const last = await lastValueFrom(get(origin.url, { session: client.session, to }));
  expect(last).toMatchObject({ _tag: 'Completed', to });
  expect(requests).toBe(2);
  expect((await readFile(to)).equals(CONTENT)).toBe(true);
});
