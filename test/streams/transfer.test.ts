import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, truncateSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastValueFrom, type Observable, takeWhile, tap, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  liveHandleCount,
  openContentInformation,
  openSession,
  readContentInformation,
} from '../../src/effects/index.js';
import {
  contentBytes,
  contentIterable,
  contentStream,
  type Origin,
  publish,
  type PublishProgress,
  retrieve,
  type RetrieveProgress,
} from '../../src/streams/index.js';
import { createRig, publishing, type Rig } from '../effects/rig.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'peerweave-transfer-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
  expect(liveHandleCount()).toBe(0);
});

const open = async () => {
  const rig = createRig();
  return { rig, session: await rig.run(openSession()) };
};

const failureOf = (stream$: Observable<unknown>): Promise<unknown> =>
  lastValueFrom(stream$).then(
    (value) => Promise.reject(new Error(`no failure, but ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );

/** A source that has one piece, and never another one or an end; `isGiven` when that is waited for. */
const hangingAfter = (piece: Uint8Array) => {
  let given = (): void => undefined;
  const isGiven = new Promise<void>((resolve) => (given = resolve));
  async function* hanging() {
    yield piece;
    given();
    await new Promise(() => undefined);
  }
  return { source: hanging(), isGiven };
};

/** Publications that somebody could still find: the fake refuses an id in use. */
const isFree = async (rig: Rig, session: Awaited<ReturnType<typeof open>>['session'], contentId: string) =>
  (await lastValueFrom(publish(Buffer.from('x'), { session, contentId })))._tag === 'Published';

describe('publish', () => {
  it('publishes a file, by path and by URL, bytes, an array and an async iterable of bytes alike', async () => {
    const { rig, session } = await open();
    const bytes = randomBytes(10_000);
    const path = join(directory, 'file');
    await writeFile(path, bytes);
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1)];
    async function* later() {
      yield* pieces;
    }
    const information = new Set<string>();
    for (const source of [path, pathToFileURL(path), bytes, pieces, later()]) {
      const last = await lastValueFrom(publish(source, { session }));
      expect(last).toMatchObject({ _tag: 'Published', bytes: bytes.length });
      if (last._tag === 'Published') information.add(Buffer.from(last.contentInformation).toString('hex'));
    }
    expect(information.size).toBe(1);
    await session.close();
    rig.fake.assertClean();
  });

  it('leaves content information out that is not wanted, which can be read in pieces all the same', async () => {
    const { rig, session } = await open();
    const [whole, none] = [
      await lastValueFrom(publish(Buffer.from('hello'), { session })),
      await lastValueFrom(publish(Buffer.from('hello'), { session, contentInformation: false })),
    ];
    if (whole._tag !== 'Published' || none._tag !== 'Published') throw new Error('not published');
    expect(none.contentInformation).toHaveLength(0);
    const pieces: Uint8Array[] = [];
    await using reader = await rig.run(openContentInformation(session, { contentId: none.contentId }));
    do pieces.push(await rig.run(readContentInformation(reader, 7)));
    while (pieces.at(-1)!.length > 0);
    expect(Buffer.concat(pieces).equals(whole.contentInformation)).toBe(true);
    await session.close();
  });

  it('tells how far it is', async () => {
    const { session } = await open();
    const progress = await lastValueFrom(publish(Buffer.alloc(5), { session }).pipe(toArray()));
    expect(progress.map((one) => [one._tag, one.bytes])).toEqual([
      ['Publishing', 0],
      ['Publishing', 5],
      ['Published', 5],
    ]);
    await session.close();
  });

  it('says what is wrong with a source', async () => {
    const { rig, session } = await open();
    const empty = join(directory, 'empty');
    await writeFile(empty, '');
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const cases: readonly (readonly [unknown, string])[] = [
      [join(directory, 'missing'), 'NotFound'],
      [directory, 'BadArgument'],
      [empty, 'BadArgument'],
      [pipe, 'BadArgument'],
      [new Uint8Array(), 'BadArgument'],
      [[], 'BadArgument'],
      [['text'], 'BadArgument'],
      [42, 'BadArgument'],
      [null, 'BadArgument'],
      [new URL('http://127.0.0.1/'), 'BadArgument'],
      ['a\0b', 'BadArgument'],
    ];
    for (const [source, tag] of cases) {
      expect(
        await failureOf(publish(source as string, { session, contentId: 'a' })),
        String(source),
      ).toMatchObject({
        _tag: tag,
      });
    }
    expect(await isFree(rig, session, 'a')).toBe(true);
    await session.close();
    rig.fake.assertClean();
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 4_500_000)],
  ])('refuses a file that %s while it is read', async (_, change) => {
    const { rig, session } = await open();
    const path = join(directory, 'file');
    await writeFile(path, Buffer.alloc(9_000_000));
    const publication$ = publish(path, { session, contentId: 'a' }).pipe(
      tap(({ bytes }) => {
        if (bytes === 0) change(path);
      }),
    );
    expect(await failureOf(publication$)).toMatchObject({ code: 'PEERWEAVE_SOURCE_CHANGED' });
    expect(await isFree(rig, session, 'a')).toBe(true);
    await session.close();
    rig.fake.assertClean();
  });

  it.each([0, 1, 2, 3])('leaves nothing when it is left after %i steps', async (steps) => {
    const { rig, session } = await open();
    let seen = 0;
    await lastValueFrom(
      publish([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')], { session, contentId: 'a' }).pipe(
        takeWhile(() => seen++ < steps),
      ),
      { defaultValue: undefined },
    );
    await rig.settle();
    expect(rig.fake.ledger().kinds.stream.open).toBe(0);
    expect(await isFree(rig, session, 'a')).toBe(true);
    await session.close();
    rig.fake.assertClean();
  });

  it.each([
    'distribution.publishStream',
    'distribution.addToStream',
    'distribution.completeStream',
    'distribution.openContentInformation',
    'distribution.retrieveContentInformation',
  ] as const)('leaves nothing when it is left during %s, or when that fails', async (operation) => {
    for (const step of [
      { delayMs: 50 },
      { delayMs: 50, ignoreAbort: true },
      { fail: 'ERROR_NOT_ENOUGH_MEMORY' as const },
    ]) {
      const { rig, session } = await open();
      rig.fake.script(operation).once(step);
      const seen: PublishProgress['_tag'][] = [];
      const subscription = publish(Buffer.from('abc'), { session, contentId: 'a' }).subscribe({
        next: ({ _tag }) => seen.push(_tag),
        error: () => undefined,
      });
      await rig.clock.advance(10);
      subscription.unsubscribe();
      await rig.clock.advance(100);
      expect(seen).not.toContain('Published');
      expect(rig.fake.ledger().kinds.stream.open).toBe(0);
      expect(await isFree(rig, session, 'a')).toBe(true);
      await session.close();
      rig.fake.assertClean();
    }
  });

  it('can be left while its source hangs', async () => {
    const { rig, session } = await open();
    let returned = false;
    const hanging: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const subscription = publish(hanging, { session, contentId: 'a' }).subscribe();
    await rig.settle();
    expect(rig.fake.ledger().kinds.stream.open).toBe(1);
    subscription.unsubscribe();
    await rig.settle();
    expect(rig.fake.ledger().kinds.stream.open).toBe(0);
    expect(returned).toBe(true);
    await session.close();
  });

  it.each(['closed', 'switched off'])('ends when its session is %s while its source hangs', async (how) => {
    const { rig, session } = await open();
    const { source, isGiven } = hangingAfter(Buffer.from('abc'));
    const failing = failureOf(publish(source, { session }));
    await isGiven;
    if (how === 'closed') await session.close();
    else rig.fake.distribution.setStatus('disabled');
    expect(await failing).toMatchObject({ _tag: how === 'closed' ? 'HandleClosed' : 'Invalidated' });
    await session.close();
    rig.fake.assertClean();
  });

  it('ends with Invalidated when the service is switched off under it', async () => {
    const { rig, session } = await open();
    rig.fake.script('distribution.addToStream').hang();
    const failed = failureOf(publish(Buffer.from('abc'), { session }));
    await rig.settle();
    rig.fake.distribution.setStatus('disabled');
    expect(await failed).toMatchObject({ _tag: 'Invalidated' });
    await session.close();
    rig.fake.assertClean();
  });
});

const content = randomBytes(300_000);

const opened = async () => {
  const rig = createRig();
  return { rig, ...(await publishing(rig, content)) };
};

/** Only the session that the content was published with is left. */
const onlyThePublisher = (rig: Rig): void => {
  expect(rig.fake.ledger().kinds.content.open).toBe(0);
  expect(rig.fake.ledger().kinds.session.open).toBe(1);
  expect(rig.fake.ledger().pendingCalls).toEqual([]);
  expect(rig.clock.pending).toBe(0);
};

describe('retrieve', () => {
  it('writes the content to a file and tells where it came from', async () => {
    const { rig, session, information } = await opened();
    const to = join(directory, 'out');
    const progress = await lastValueFrom(
      retrieve(information, { session, to, pieceBytes: 100_000 }).pipe(toArray()),
    );
    expect(content.equals(await readFile(to))).toBe(true);
    expect(progress.map(({ bytes }) => bytes)).toEqual([0, 100_000, 200_000, 300_000, 300_000]);
    expect(progress.at(-1)).toMatchObject({
      _tag: 'Retrieved',
      to,
      fromOrigin: 0,
      explanation: { bytes: { peer: 300_000 }, segments: [{ from: 0, to: 1, reasons: [] }] },
    });
    const again = await lastValueFrom(retrieve(information, { session }));
    expect(again).toMatchObject({ fromCache: 300_000, to: undefined });
    await session.close();
    onlyThePublisher(rig);
  });

  it.each<[string, (information: Uint8Array) => Promise<unknown>]>([
    ['publish', () => lastValueFrom(publish(content, undefined as never))],
    ['retrieve', (information) => lastValueFrom(retrieve(information, undefined as never))],
    ['contentBytes', (information) => lastValueFrom(contentBytes(information, undefined as never))],
    ['contentIterable', (information) => contentIterable(information, undefined as never).next()],
    ['contentStream', (information) => new Response(contentStream(information, undefined as never)).text()],
  ])('%s without options is a bad argument', async (_name, run) => {
    const { session, information } = await opened();
    await expect(run(information)).rejects.toMatchObject({ _tag: 'BadArgument' });
    await session.close();
  });

  it('an iterable hands back what its consumer throws into it, and says why its signal has ended it', async () => {
    const { rig, session, information } = await opened();
    const pieces = contentIterable(information, { session, pieceBytes: 1000 });
    await pieces.next();
    const own = new Error('of the consumer');
    await expect(pieces.throw(own)).rejects.toBe(own);
    const stop = new AbortController();
    const others = contentIterable(information, { session, pieceBytes: 1000, signal: stop.signal });
    await others.next();
    stop.abort(own);
    // What was read ahead may come first.
    await expect(others.next().then(() => others.next())).rejects.toMatchObject({
      _tag: 'Cancelled',
      cause: own,
    });
    await session.close();
    onlyThePublisher(rig);
  });

  it('writes to as long a name as there may be, and to none that there is not', async () => {
    const { rig, session, information } = await opened();
    const to = join(directory, 'n'.repeat(255));
    expect(await lastValueFrom(retrieve(information, { session, to }))).toMatchObject({ to });
    expect(content.equals(await readFile(to))).toBe(true);
    const failing = (options: unknown) =>
      lastValueFrom(retrieve(information, options as { session: typeof session }));
    await expect(failing({ session, to: 'a\0b' })).rejects.toMatchObject({
      _tag: 'BadArgument',
      problems: [{ path: 'to', code: 'character' }],
    });
    await expect(failing({ session, to: 'n'.repeat(256) })).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await expect(failing({ session, keepCopy: 1 })).rejects.toMatchObject({ _tag: 'BadArgument' });
    await expect(failing(undefined)).rejects.toMatchObject({ _tag: 'BadArgument' });
    await session.close();
    onlyThePublisher(rig);
  });

  it('takes content information as bytes, by path and by URL, in an array and in an async iterable', async () => {
    const { session, information } = await opened();
    const path = join(directory, 'information');
    await writeFile(path, information);
    const pieces = [information.subarray(0, 1), information.subarray(1)];
    async function* later() {
      yield* pieces;
    }
    for (const source of [information, path, pathToFileURL(path), pieces, later()]) {
      const bytes = await lastValueFrom(contentBytes(source, { session, pieceBytes: content.length }));
      expect(content.equals(bytes)).toBe(true);
      expect(await lastValueFrom(retrieve(source === path ? path : information, { session }))).toMatchObject({
        _tag: 'Retrieved',
        bytes: content.length,
      });
    }
    await session.close();
  });

  it('says what is wrong with content information that is not there, or is none', async () => {
    const { rig, session } = await opened();
    const cases: readonly (readonly [unknown, string, string])[] = [
      [join(directory, 'missing'), 'NotFound', 'no such file'],
      [directory, 'BadArgument', 'contentInformation'],
      [7, 'BadArgument', 'contentInformation'],
      [undefined, 'BadArgument', 'contentInformation'],
      [['text'], 'BadArgument', 'contentInformation'],
      [[], 'Protocol', ''],
      [Buffer.from('nonsense'), 'Protocol', ''],
    ];
    for (const [source, tag, said] of cases) {
      const failure = await failureOf(retrieve(source as string, { session }));
      expect(failure, String(source)).toMatchObject({ _tag: tag });
      expect(String(failure)).toContain(said);
    }
    await session.close();
    onlyThePublisher(rig);
  });

  it.each(['closed', 'switched off'])(
    'ends when its session is %s while its content information hangs',
    async (how) => {
      const { rig, session, information } = await opened();
      const { source, isGiven } = hangingAfter(information.subarray(0, 10));
      const failing = failureOf(retrieve(source, { session }));
      await isGiven;
      if (how === 'closed') await session.close();
      else rig.fake.distribution.setStatus('disabled');
      expect(await failing).toMatchObject({ _tag: how === 'closed' ? 'HandleClosed' : 'Invalidated' });
      await session.close();
      onlyThePublisher(rig);
    },
  );

  it('can be left while its content information hangs', async () => {
    const { rig, session, information } = await opened();
    const { source, isGiven } = hangingAfter(information.subarray(0, 10));
    const subscription = retrieve(source, { session }).subscribe();
    await isGiven;
    subscription.unsubscribe();
    await session.close();
    onlyThePublisher(rig);
  });

  it('counts its own bytes only, though others are read in the same session', async () => {
    const { rig, session, information } = await opened();
    const other = await lastValueFrom(publish(randomBytes(200_000), { session }));
    if (other._tag !== 'Published') throw new Error('not published');
    const [one, two] = await Promise.all([
      lastValueFrom(retrieve(information, { session, pieceBytes: 65_536 })),
      lastValueFrom(retrieve(other.contentInformation, { session, pieceBytes: 65_536 })),
    ]);
    const fromPeers = ({ fromPeers: all }: typeof one) => Object.values(all).reduce((sum, n) => sum + n, 0);
    expect([fromPeers(one), fromPeers(two)]).toEqual([300_000, 200_000]);
    expect([one.blocks, two.blocks]).toEqual([5, 4]);
    await session.close();
    onlyThePublisher(rig);
  });

  it.each([0, 1, 2, 3])('leaves no file when it is left after %i steps', async (steps) => {
    const { rig, session, information } = await opened();
    let seen = 0;
    await lastValueFrom(
      retrieve(information, { session, to: join(directory, 'out'), pieceBytes: 100_000 }).pipe(
        takeWhile(() => seen++ < steps),
      ),
      { defaultValue: undefined },
    );
    while (rig.fake.ledger().kinds.content.open > 0 || (await readdir(directory)).length > 0)
      await rig.settle();
    await session.close();
    onlyThePublisher(rig);
  });

  it('stops at once while it waits for a peer', async () => {
    const { rig, session, information } = await opened();
    rig.fake.script('distribution.streamRead').hang();
    const subscription = retrieve(information, { session, to: join(directory, 'out') }).subscribe();
    while (rig.fake.ledger().pendingCalls.length === 0) await rig.settle();
    subscription.unsubscribe();
    while ((await readdir(directory)).length > 0) await rig.settle();
    expect(rig.fake.ledger().kinds.content.open).toBe(0);
    await session.close();
    onlyThePublisher(rig);
  });

  it('says what is wrong with a target before anything is fetched', async () => {
    const { rig, session, information } = await opened();
    await mkdir(join(directory, 'sub'));
    for (const [to, tag] of [
      [join(directory, 'sub'), 'BadArgument'],
      [join(directory, 'no', 'such', 'place'), 'NotFound'],
    ] as const)
      expect(await failureOf(retrieve(information, { session, to }))).toMatchObject({ _tag: tag });
    expect(rig.fake.calls.some(({ operation }) => operation === 'distribution.openContent')).toBe(false);
    expect(await failureOf(retrieve(information, { session, pieceBytes: 0 }))).toMatchObject({
      _tag: 'BadArgument',
    });
    expect(await failureOf(retrieve(Buffer.from('nonsense'), { session }))).toMatchObject({
      _tag: 'Protocol',
    });
    await session.close();
    onlyThePublisher(rig);
  });

  it('takes what no peer has from the origin, no more than was missing', async () => {
    const { rig, session, information } = await opened();
    const asked: unknown[] = [];
    const to = join(directory, 'out');
    const last = await lastValueFrom<RetrieveProgress>(
      retrieve(information, {
        session,
        to,
        timeoutMs: 0,
        // Knows no ranges: sends all there is from the offset on.
        origin: async (range) => {
          asked.push(range);
          return content.subarray(range.offset, range.offset + Math.max(range.length, 400_000));
        },
      }),
    );
    expect(content.equals(await readFile(to))).toBe(true);
    expect(last).toMatchObject({ bytes: 300_000, fromOrigin: 300_000 });
    expect(asked).toEqual([{ offset: 0, length: 300_000 }]);
    await session.close();
    onlyThePublisher(rig);
  });

  it('says who could not deliver when there is no origin, or it sends nothing or rubbish', async () => {
    const { rig, session, information } = await opened();
    const reading = { session, timeoutMs: 0 };
    expect(await failureOf(retrieve(information, reading))).toMatchObject({ _tag: 'NotFound' });
    const nothing = async () => new Uint8Array();
    expect(await failureOf(retrieve(information, { ...reading, origin: nothing }))).toMatchObject({
      _tag: 'NotFound',
    });
    const rubbish = async () => new Uint8Array(100);
    expect(await failureOf(retrieve(information, { ...reading, origin: rubbish }))).toMatchObject({
      code: 'ERROR_INVALID_DATA',
    });
    await session.close();
    onlyThePublisher(rig);
  });

  it.each<[string, () => unknown, object]>([
    [
      'rejects',
      () => Promise.reject(new Error('gone')),
      { _tag: 'Unavailable', code: 'PEERWEAVE_ORIGIN_FAILED' },
    ],
    [
      'throws',
      () => {
        throw new Error('gone');
      },
      { _tag: 'Unavailable', code: 'PEERWEAVE_ORIGIN_FAILED', cause: new Error('gone') },
    ],
    [
      'answers with nothing',
      () => Promise.resolve(new Uint8Array(0)),
      { _tag: 'NotFound', code: 'PEERWEAVE_ORIGIN_EMPTY' },
    ],
    ['answers with undefined', () => Promise.resolve(undefined), { _tag: 'BadArgument' }],
    [
      'answers with text',
      () => 'text',
      { _tag: 'BadArgument', problems: [{ path: 'origin', code: 'type' }] },
    ],
  ])('says so of an origin that %s', async (_name, origin, fault) => {
    const { rig, session, information } = await opened();
    const options = { session, timeoutMs: 0, origin: origin as Origin };
    await expect(lastValueFrom(retrieve(information, options))).rejects.toMatchObject(fault);
    await session.close();
    onlyThePublisher(rig);
  });

  it('can be left while its origin hangs', async () => {
    const { rig, session, information } = await opened();
    const signals: AbortSignal[] = [];
    const subscription = retrieve(information, {
      session,
      timeoutMs: 0,
      origin: (_, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    }).subscribe();
    while (signals.length === 0) await rig.settle();
    subscription.unsubscribe();
    await rig.settle();
    expect(signals[0]?.aborted).toBe(true);
    await session.close();
    onlyThePublisher(rig);
  });
});

describe('content', () => {
  const reads = (rig: Rig): number =>
    rig.fake.calls.filter(({ operation }) => operation === 'distribution.streamRead').length;

  it('is the same as bytes, as an iterable and as a web stream', async () => {
    const { rig, session, information } = await opened();
    const options = { session, pieceBytes: 70_000 };
    const pieces = await lastValueFrom(contentBytes(information, options).pipe(toArray()));
    expect(content.equals(Buffer.concat(pieces))).toBe(true);
    const iterated: Uint8Array[] = [];
    for await (const piece of contentIterable(information, options)) iterated.push(piece);
    expect(content.equals(Buffer.concat(iterated))).toBe(true);
    const response = new Response(contentStream(information, options));
    expect(content.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
    await session.close();
    onlyThePublisher(rig);
  });

  it('is read no further than one piece beyond what is taken; leaving the loop closes it', async () => {
    const { rig, session, information } = await opened();
    let taken = 0;
    for await (const _ of contentIterable(information, { session, pieceBytes: 10_000 })) {
      taken += 1;
      await rig.settle();
      expect(reads(rig)).toBe(taken + 1);
      if (taken === 3) break;
    }
    expect(rig.fake.ledger().kinds.content.open).toBe(0);
    await session.close();
    onlyThePublisher(rig);
  });

  it('is not read at all by a stream that nobody reads, and no further than its reader', async () => {
    const { rig, session, information } = await opened();
    const reader = contentStream(information, { session, pieceBytes: 10_000 }).getReader();
    await rig.settle();
    expect(reads(rig)).toBe(0);
    await reader.read();
    await rig.settle();
    expect(reads(rig)).toBe(2);
    await reader.cancel();
    expect(rig.fake.ledger().kinds.content.open).toBe(0);
    await session.close();
    onlyThePublisher(rig);
  });

  it('lets go at once when its stream is cancelled, or its signal fires, while a read waits', async () => {
    const { rig, session, information } = await opened();
    rig.fake.script('distribution.streamRead').always({ hang: true });
    const reader = contentStream(information, { session }).getReader();
    const waiting = reader.read();
    await rig.settle();
    await reader.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(rig.fake.ledger().kinds.content.open).toBe(0);

    const controller = new AbortController();
    const next = contentIterable(information, { session, signal: controller.signal }).next();
    await rig.settle();
    controller.abort();
    await expect(next).rejects.toMatchObject({ _tag: 'Cancelled' });
    await session.close();
    onlyThePublisher(rig);
  });
});
