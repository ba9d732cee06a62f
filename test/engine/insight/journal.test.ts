import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../../built-program.js';
import { CounterFold, type SessionHandle } from '../../../src/driver/index.js';
import {
  createEngineDriver,
  findRetrievals,
  makeContentInformation,
  readJournal,
  type EngineDriver,
} from '../../../src/engine/index.js';
import {
  insightDirectory,
  MOST_PROCESSES,
  pruneProcessRecords,
  writeProcessRecord,
} from '../../../src/engine/distribution/insight/process-files.js';
import { MOST_RETRIEVALS } from '../../../src/engine/distribution/insight/journal.js';

const CONTENT = randomBytes(400_000);
const SECRET = Buffer.from('a server secret');

describe('what engines keep of their doing', () => {
  let directory: string;
  let dataDir: string;
  const engines: EngineDriver[] = [];
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerweave-insight-'));
    dataDir = join(directory, 'data');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
    await rm(directory, { recursive: true, force: true });
  });

  const open = async (path: string) => {
    const engine = createEngineDriver({ dataDir: path });
    engines.push(engine);
    return { engine, session: await engine.distribution.startup() };
  };

  /** Publishes the content, and says where and as what. */
  const publisher = async () => {
    const { engine, session } = await open(join(directory, 'publisher'));
    const { distribution } = engine;
    const contentId = Buffer.from('content');
    const stream = await distribution.publishStream(session, { contentId });
    await distribution.addToStream(session, stream, CONTENT);
    await distribution.completeStream(session, stream);
    await distribution.closeStream(session, stream);
    const handle = await distribution.openContentInformation(session, { contentId });
    const information = await distribution.retrieveContentInformation(session, handle, 65_536);
    const { host, port } = engine.endpoint()!;
    return { engine, session, information, peer: `${host}:${port}` };
  };

  /** Reads a content to its end; what is missing is taken from the origin. */
  const retrieve = async (
    { engine, session }: { readonly engine: EngineDriver; readonly session: SessionHandle },
    information: Uint8Array,
    options: { readonly peers?: readonly string[]; readonly name?: string; readonly file?: string },
    hasOrigin = true,
  ): Promise<void> => {
    const { distribution } = engine;
    const content = await distribution.openContent(session, { tag: Buffer.alloc(16), ...options });
    await distribution.addContentInformation(session, content, information);
    await distribution.completeContentInformation(session, content);
    for (;;) {
      const read = await distribution.streamRead(session, content, { maxBytes: 100_000 });
      if (read._tag === 'End' || (read._tag === 'Missing' && !hasOrigin)) break;
      if (read._tag !== 'Missing') continue;
      const { offset, length } = read;
      await distribution.addData(session, content, offset, CONTENT.subarray(offset, offset + length));
    }
    await distribution.closeContent(session, content);
  };

  it('is found by content information, by name, and by the same bytes under another secret', async () => {
    const { information, peer } = await publisher();
    const reader = await open(dataDir);
    const name = join(directory, 'copy.bin');
    await retrieve(reader, information, { peers: [peer], name });
    await reader.engine.dispose();

    const entries = await readJournal(dataDir);
    expect(entries).toMatchObject([{ running: true, counters: { bytesFromPeers: CONTENT.length } }]);
    const [byContent] = findRetrievals(entries, { contentInformation: information });
    expect(byContent).toMatchObject({ match: 'content', retrieval: { name, endedAt: expect.any(Number) } });
    expect(byContent?.retrieval.explanation).toEqual({
      bytes: { cache: 0, peer: CONTENT.length, 'hosted-cache': 0, origin: 0 },
      bytesByPeer: { [peer]: CONTENT.length },
      reasons: [],
      segments: [{ from: 0, to: 1, sources: [{ source: 'peer', peer }], reasons: [] }],
    });
    expect(findRetrievals(entries, { name })).toMatchObject([{ match: 'name' }]);
    expect(findRetrievals(entries, { name: join(directory, 'other.bin') })).toEqual([]);

    const elsewhere = await makeContentInformation([CONTENT], { secret: SECRET });
    expect(findRetrievals(entries, { contentInformation: elsewhere })).toMatchObject([
      { match: 'other-secret' },
    ]);
    const other = await makeContentInformation([randomBytes(10)], { secret: SECRET });
    expect(findRetrievals(entries, { contentInformation: other })).toEqual([]);
  });

  it('says why bytes came from the origin: each peer with its reason', async () => {
    const { engine, session, information, peer } = await publisher();
    const reader = await open(dataDir);
    await engine.distribution.unpublish(session, Buffer.from('content'));
    await retrieve(reader, information, { peers: [peer, '127.0.0.1:9'] });
    await reader.engine.dispose();
    const [found] = findRetrievals(await readJournal(dataDir), { contentInformation: information });
    expect(found?.retrieval.explanation).toMatchObject({
      bytes: { peer: 0, origin: CONTENT.length },
      segments: [{ from: 0, to: 1, sources: [{ source: 'origin' }] }],
    });
    expect(found?.retrieval.explanation.segments[0]?.reasons).toEqual(
      expect.arrayContaining([
        { _tag: 'PeerFailed', peer, reason: 'lacks-block' },
        { _tag: 'PeerFailed', peer: '127.0.0.1:9', reason: 'unreachable' },
      ]),
    );
  });

  it.each([
    ['had to be fetched', true],
    ['could not be had', false],
  ])('says so when bytes that were here before %s, as their secret differs', async (_, hasOrigin) => {
    const { information, peer } = await publisher();
    const elsewhere = await makeContentInformation([CONTENT], { secret: SECRET });
    const reader = await open(dataDir);
    await retrieve(reader, information, { peers: [peer] });
    await retrieve(reader, elsewhere, { peers: [peer] }, hasOrigin);
    await reader.engine.dispose();
    const entries = await readJournal(dataDir);
    const reasonsOf = (contentInformation: Uint8Array) =>
      findRetrievals(entries, { contentInformation })
        .filter(({ match }) => match === 'content')
        .map(({ retrieval }) => retrieval.explanation.reasons);
    expect(reasonsOf(information)).toEqual([[]]);
    expect(reasonsOf(elsewhere)).toEqual([[{ _tag: 'SecretDiffers' }]]);
  });

  it('has content that the service was not asked for, without the secrets of its URL', async () => {
    const { engine, session } = await open(dataDir);
    const name = 'http://user:hush@example.com/small.bin?token=secret';
    const reason = { _tag: 'BelowSizeLimit', bytes: 120, limit: 65_536 } as const;
    engine.distribution.report(session, { _tag: 'OriginUsed', name, bytes: 120, reason });
    await engine.distribution.shutdown(session);
    const entries = await readJournal(dataDir);
    expect(findRetrievals(entries, { name })).toMatchObject([
      { retrieval: { name: 'http://example.com/small.bin?…', explanation: { reasons: [reason] } } },
    ]);
    for (const same of ['http://example.com/small.bin?token=secret', `${name}#part`]) {
      expect(findRetrievals(entries, { name: same })).toHaveLength(1);
    }
    expect(findRetrievals(entries, { name: 'http://example.com/small.bin?token=other' })).toEqual([]);
    const [file = ''] = await readdir(insightDirectory(dataDir));
    expect(await readFile(join(insightDirectory(dataDir), file), 'utf8')).not.toMatch(/hush|secret/);
  });

  it('finds it also by its file, whatever its application calls it', async () => {
    const { information, peer } = await publisher();
    const reader = await open(dataDir);
    const file = join(directory, 'copy.bin');
    await retrieve(reader, information, { peers: [peer], name: 'app:one/two', file });
    const reason = { _tag: 'NoContentInformation', detail: '' } as const;
    const used = {
      _tag: 'OriginUsed',
      name: 'http://example.com/',
      bytes: 1,
      file: 'relative',
      reason,
    } as const;
    reader.engine.distribution.report(reader.session, used);
    await reader.engine.dispose();
    const entries = await readJournal(dataDir);
    const found = (name: string) => findRetrievals(entries, { name }).map(({ retrieval }) => retrieval);
    expect(found(file)).toMatchObject([{ file, explanation: { bytes: { peer: CONTENT.length } } }]);
    expect(found('app:one/two')).toMatchObject([{ file }]);
    expect(found('relative')).toMatchObject([{ name: 'http://example.com/', file: resolve('relative') }]);
    expect(found('http://example.com/')).toHaveLength(1);
  });

  it('is bounded, the last retrievals are kept', async () => {
    const { engine, session } = await open(dataDir);
    for (let index = 0; index < 2 * MOST_RETRIEVALS; index += 1) {
      const reason = { _tag: 'NoContentInformation', detail: '' } as const;
      const name = `http://example.com/${index}`;
      engine.distribution.report(session, { _tag: 'OriginUsed', name, bytes: 1, reason });
    }
    await engine.distribution.shutdown(session);
    const [entry] = await readJournal(dataDir);
    expect(entry?.retrievals).toHaveLength(MOST_RETRIEVALS);
    expect(entry?.retrievals.at(-1)?.name).toBe(`http://example.com/${2 * MOST_RETRIEVALS - 1}`);
    expect(entry?.counters.bytesFromOrigin).toBe(2 * MOST_RETRIEVALS);
  });

  it('is left out where it is damaged, and nothing fails where it cannot be written', async () => {
    const { engine, session } = await open(dataDir);
    const reason = { _tag: 'CacheOnly' } as const;
    engine.distribution.report(session, { _tag: 'OriginUsed', name: 'x', bytes: 1, reason });
    await engine.distribution.shutdown(session);
    const insight = insightDirectory(dataDir);
    const [name = ''] = await readdir(insight);
    const whole = await readFile(join(insight, name));
    for (const damaged of [
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole, Buffer.from(' ')]),
      whole.map((byte, index) => (index === 60 ? byte ^ 1 : byte)),
      Buffer.alloc(0),
      Buffer.from('{}\n'),
    ]) {
      await writeFile(join(insight, name), damaged);
      expect(await readJournal(dataDir)).toEqual([]);
    }
    await rm(insight, { recursive: true });
    await writeFile(insight, 'a file in the place of the directory');
    const again = await open(dataDir);
    again.engine.distribution.report(again.session, { _tag: 'OriginUsed', name: 'x', bytes: 1, reason });
    await again.engine.distribution.shutdown(again.session);
    expect(await readJournal(dataDir)).toEqual([]);
  });

  it('forgets the oldest of too many dead processes, and what they left unfinished', async () => {
    const insight = insightDirectory(dataDir);
    const counters = new CounterFold().counters();
    await mkdir(insight, { recursive: true });
    for (let index = 0; index < MOST_PROCESSES + 3; index += 1) {
      const record = { process: `dead-${index}`, startedAt: index, at: index, counters, retrievals: [] };
      await writeProcessRecord(insight, record);
    }
    await writeFile(join(insight, 'dead-0.json.part'), '');
    await pruneProcessRecords(insight);
    const left = await readdir(insight);
    expect(left).toHaveLength(MOST_PROCESSES);
    expect(left.filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(await readJournal(dataDir)).toHaveLength(MOST_PROCESSES);
  });

  describe('in several processes', () => {
    let program: BuiltProgram;
    beforeAll(async () => {
      program = await buildProgram('reading-program.ts', import.meta.url);
    });
    afterAll(() => program.remove());

    it(
      'is each one’s own, can be seen while it runs, and outlives kill -9',
      { timeout: 60_000 },
      async () => {
        const { information, peer } = await publisher();
        const ciFile = join(directory, 'content.ci');
        await writeFile(ciFile, information);
        for (const name of ['one', 'two']) {
          const child = spawn(process.execPath, [program.path, dataDir, peer, ciFile, `/tmp/${name}`], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          children.push(child);
          expect(String((await once(child.stdout, 'data'))[0]).trim()).toBe('Data');
        }
        const seen = () => readJournal(dataDir);
        await expect
          .poll(async () => (await seen()).map(({ retrievals }) => retrievals.length), { timeout: 20_000 })
          .toEqual([1, 1]);
        expect((await seen()).every(({ running }) => running)).toBe(true);

        const [first] = children;
        first!.kill('SIGKILL');
        await once(first!, 'close');
        const entries = await seen();
        expect(entries.map(({ running }) => running).sort()).toEqual([false, true]);
        const found = findRetrievals(entries, { contentInformation: information });
        expect(found.map(({ retrieval }) => retrieval.name).sort()).toEqual(['/tmp/one', '/tmp/two']);
        for (const { retrieval } of found) {
          expect(retrieval.endedAt).toBeUndefined();
          const { cache, peer: fromPeers } = retrieval.explanation.bytes;
          expect(cache + fromPeers).toBe(65_536);
        }
      },
    );
  });
});
