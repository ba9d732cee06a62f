import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SegmentReason } from '../../src/driver/index.js';
import {
  createEngineDriver,
  makeContentInformation,
  openCache,
  type EngineDriver,
  type EngineOptions,
} from '../../src/engine/index.js';
import {
  contentInformationOf,
  encodeContentInformation,
  encodeResponse,
} from '../../src/engine/distribution/wire/index.js';
import { fakePeer, honestAnswer, http, segmentOf } from '../engine/retrieval/harness.js';
import { inDirectory, run } from './run.js';

const SEGMENT = segmentOf(3 * 65_536);
const CONTENT = Buffer.concat(SEGMENT.blocks);
const INFORMATION = encodeContentInformation(contentInformationOf([SEGMENT.info]));
const NAME = 'http://example.com/content.bin';
const GONE = '127.0.0.1:9';

interface Reading {
  readonly peers?: readonly string[];
  readonly timeoutMs?: number;
  readonly information?: Uint8Array;
  readonly options?: EngineOptions;
}

/** Reads the content once with an engine of its own, as a program would; the origin gives what nobody else does. */
const retrieve = async (directory: string, reading: Reading = {}): Promise<void> => {
  const { peers, timeoutMs, information = INFORMATION, options = {} } = reading;
  const engine = createEngineDriver({ dataDir: join(directory, 'data'), listen: false, ...options });
  try {
    const { distribution } = engine;
    const session = await distribution.startup();
    const content = await distribution.openContent(session, { tag: Buffer.alloc(16), peers, name: NAME });
    await distribution.addContentInformation(session, content, information);
    await distribution.completeContentInformation(session, content);
    for (;;) {
      const read = await distribution.streamRead(session, content, { maxBytes: 65_536, timeoutMs });
      if (read._tag === 'End') break;
      if (read._tag !== 'Missing') continue;
      const { offset, length } = read;
      await distribution.addData(session, content, offset, CONTENT.subarray(offset, offset + length));
    }
    await distribution.closeContent(session, content);
  } finally {
    await engine.dispose();
  }
};

/** What `peerweave why` says of the last retrieval: its document, and its text. */
const why = async (
  directory: string,
): Promise<{ readonly reasons: readonly unknown[]; readonly text: string }> => {
  const { code, stdout } = await run(directory, ['--json', 'why', NAME]);
  expect(code).toBe(0);
  const document = JSON.parse(stdout) as {
    readonly reasons: readonly SegmentReason[];
    readonly segments: readonly { readonly reasons: readonly SegmentReason[] }[];
  };
  const { stdout: text } = await run(directory, ['why', NAME]);
  return { reasons: [...document.reasons, ...document.segments.flatMap(({ reasons }) => reasons)], text };
};

type Peer = Awaited<ReturnType<typeof fakePeer>>;

const peers: Readonly<Record<string, () => Promise<Peer>>> = {
  'no-answer-in-time': () => fakePeer(() => undefined),
  'version-mismatch': () =>
    fakePeer((socket) => {
      const [minVersion, maxVersion] = [
        { major: 7, minor: 0 },
        { major: 8, minor: 0 },
      ] as const;
      socket.write(http(encodeResponse({ _tag: 'Negotiation', minVersion, maxVersion })));
    }),
  'lacks-block': () =>
    fakePeer((socket, request) => {
      socket.write(http(honestAnswer(SEGMENT, request, { data: [], iv: Buffer.alloc(0) })));
    }),
  'malformed-answer': () => fakePeer((socket) => void socket.write(http(randomBytes(100)))),
  'wrong-bytes': () =>
    fakePeer((socket, request) => {
      socket.write(http(honestAnswer(SEGMENT, request, { data: [randomBytes(65_552)] })));
    }),
};

const WORDS: Readonly<Record<string, string>> = {
  'no-answer-in-time': 'did not answer in time',
  'version-mismatch': 'speaks another version of the protocol',
  'lacks-block': 'does not have all of it',
  'malformed-answer': 'answered something unusable',
  'wrong-bytes': 'sent wrong bytes',
};

const LIMITS: EngineOptions = { limits: { client: { requestTimeoutMs: 300, overtakeMs: 100 } } };

test.each(Object.entries(peers))('why says of a peer: %s', (reason, start) =>
  inDirectory(async (directory) => {
    const { peer } = await start();
    await retrieve(directory, { peers: [peer], options: LIMITS });
    const { reasons, text } = await why(directory);
    expect(reasons).toContainEqual({ _tag: 'PeerFailed', peer, reason });
    expect(text).toContain(`${peer} ${WORDS[reason]}`);
    expect(text).toContain('from the origin: 192.0 KiB');
  }),
);

test('why says of a peer: unreachable, and struck out once it has failed three times', () =>
  inDirectory(async (directory) => {
    await retrieve(directory, { peers: [GONE] });
    const { reasons, text } = await why(directory);
    for (const reason of ['unreachable', 'struck-out']) {
      expect(reasons).toContainEqual({ _tag: 'PeerFailed', peer: GONE, reason });
    }
    expect(text).toContain(`${GONE} could not be reached, or broke off`);
    expect(text).toContain(`${GONE} was not asked, as it failed too often lately`);
  }));

test('why says that a peer has it, but was busy', () =>
  inDirectory(async (directory) => {
    // It lists all blocks, delivers the first one, and has none for whoever wants another.
    const { peer } = await fakePeer((socket, request) => {
      const isBusy = request._tag === 'GetBlocks' && request.ranges[0]!.index > 0;
      const changes = isBusy ? { data: [], iv: Buffer.alloc(0) } : {};
      socket.write(http(honestAnswer(SEGMENT, request, changes)));
    });
    const options = { limits: { client: { blocksWithoutList: 0 } } };
    await retrieve(directory, { peers: [peer], options });
    const { reasons, text } = await why(directory);
    expect(reasons).toContainEqual({ _tag: 'PeerFailed', peer, reason: 'busy' });
    expect(text).toContain(`${peer} was busy`);
  }));

test.each([
  ['nobody was known to ask', {}, { _tag: 'NoPeerKnown' }],
  ['only the cache was to be asked', { timeoutMs: 0, peers: [GONE] }, { _tag: 'CacheOnly' }],
  [
    'no peer answered in 60 ms',
    {
      options: {
        discovery: { interfaces: ['127.0.0.1'], port: 40_702 },
        limits: { discovery: { answerTimeoutMs: 60, repeatAfterMs: 30 } },
      },
    },
    { _tag: 'NoPeerAnswered', waitedMs: 60 },
  ],
] as const)('why says: %s', (words, reading, reason) =>
  inDirectory(async (directory) => {
    await retrieve(directory, reading);
    const { reasons, text } = await why(directory);
    expect(reasons).toContainEqual(reason);
    expect(text).toContain(words);
  }),
);

test('why says: no peer delivered in time', () =>
  inDirectory(async (directory) => {
    const { peer } = await fakePeer(() => undefined);
    await retrieve(directory, { peers: [peer], timeoutMs: 50 });
    const { reasons, text } = await why(directory);
    expect(reasons).toContainEqual({ _tag: 'ReadTimedOut', waitedMs: 50 });
    expect(text).toContain('no peer delivered in 50 ms');
  }));

test.each([
  ['no content information: not hashed yet', { _tag: 'NoContentInformation', detail: 'not hashed yet' }],
  [
    'too small to ask peers: 9 bytes, the limit is 65536',
    { _tag: 'BelowSizeLimit', bytes: 9, limit: 65_536 },
  ],
  ['peers were not to be asked: by policy', { _tag: 'DisabledByPolicy', detail: 'by policy' }],
] as const)('why says: %s', (words, reason) =>
  inDirectory(async (directory) => {
    const engine: EngineDriver = createEngineDriver({ dataDir: join(directory, 'data') });
    const session = await engine.distribution.startup();
    engine.distribution.report(session, { _tag: 'OriginUsed', name: NAME, bytes: 9, reason });
    await engine.dispose();
    const { reasons, text } = await why(directory);
    expect(reasons).toEqual([reason]);
    expect(text).toContain(words);
  }),
);

test('why says that the bytes are known under another server secret', () =>
  inDirectory(async (directory) => {
    await retrieve(directory);
    const information = await makeContentInformation([CONTENT], { secret: Buffer.from('another') });
    await retrieve(directory, { information });
    const { reasons, text } = await why(directory);
    expect(reasons).toContainEqual({ _tag: 'SecretDiffers' });
    expect(text).toContain('peers know these bytes under another server secret');
  }));

/** The file with the blocks of the one unit in the cache. */
const dataFile = async (directory: string): Promise<string> => {
  const units = join(directory, 'data', 'content', 'units');
  const names = await readdir(units, { recursive: true });
  return join(
    units,
    names.find((name) => name.endsWith('data'))!,
  );
};

const damage = async (directory: string): Promise<void> => {
  const path = await dataFile(directory);
  const data = await readFile(path);
  data[70_000]! ^= 1;
  await writeFile(path, data);
};

const LEAVING: Readonly<
  Record<string, readonly [words: string, leave: (directory: string) => Promise<unknown>]>
> = {
  quota: [
    'had to make room for what was used later',
    async (directory) => {
      await using cache = await openCache({ dataDir: join(directory, 'data') });
      const other = createEngineDriver({ dataDir: join(directory, 'data'), listen: false });
      const session = await other.distribution.startup();
      const content = await other.distribution.openContent(session, { tag: Buffer.alloc(16) });
      const bytes = randomBytes(1_000_000);
      const information = await makeContentInformation([bytes], { secret: Buffer.from('x') });
      await other.distribution.addContentInformation(session, content, information);
      await other.distribution.completeContentInformation(session, content);
      await other.distribution.addData(session, content, 0, bytes);
      await other.dispose();
      await cache.set({ quota: 1024 * 1024 });
    },
  ],
  age: [
    'became too old',
    async (directory) => {
      await using cache = await openCache({ dataDir: join(directory, 'data') });
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await cache.set({ maxAgeMs: 1_000 });
      await cache.set({ maxAgeMs: 1_000_000_000 });
    },
  ],
  cleared: ['which was cleared', (directory) => run(directory, ['cache', 'clear'])],
  damaged: [
    'was damaged',
    async (directory) => {
      await damage(directory);
      const { stdout } = await run(directory, ['cache', 'verify']);
      expect(stdout).toContain('1 damaged blocks dropped');
    },
  ],
  'damaged, as found while it was read': ['was damaged', damage],
};

test.each(Object.entries(LEAVING))('why says how it left the cache: %s', (name, [words, leave]) =>
  inDirectory(async (directory) => {
    await retrieve(directory);
    await leave(directory);
    await retrieve(directory);
    const { reasons, text } = await why(directory);
    const cause = name.replace(/,.*/, '');
    expect(reasons).toContainEqual({ _tag: 'LeftCache', cause });
    expect(text).toContain(words);
    await retrieve(directory);
    expect((await why(directory)).reasons).toEqual([]);
  }),
);
