import { createHash } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import {
  lastValueFrom,
  merge,
  of,
  Subject,
  type Subscription,
  switchMap,
  take,
  takeWhile,
  tap,
  toArray,
} from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createContentServer,
  get,
  type GetOptions,
  type GetProgress,
  sendContent,
} from '../../src/http/index.js';
import { buildProgram } from '../built-program.js';
import { LineProcess } from '../engine/discovery/programs.js';
import type { GetOrder, GetReport } from './get-program.js';
import { contentOf, listen, type Machine, startMachine } from './support.js';

const CONTENT = contentOf(4_000_000);
const OTHER = contentOf(4_000_000, 9);

let publisher: Machine;
let client: Machine;
let origin: Awaited<ReturnType<typeof listen>>;
let requests: IncomingMessage[] = [];
let served: Buffer;
let to: string;
let files = 0;

beforeAll(async () => {
  publisher = await startMachine();
  client = await startMachine();
  const content = createContentServer({ session: publisher.session });
  await content.prepare({ bytes: CONTENT });
  origin = await listen((request, response) => {
    requests.push(request);
    void sendContent(content, request, response, { bytes: served });
  });
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
});

beforeEach(() => {
  requests = [];
  served = CONTENT;
  files += 1;
  to = join(client.directory, `copy-${files}`);
});

const fetchAll = async (options: Partial<GetOptions> = {}): Promise<readonly GetProgress[]> =>
  lastValueFrom(get(origin.url, { session: client.session, to, ...options }).pipe(toArray()));

const remains = async (): Promise<readonly string[]> =>
  (await readdir(client.directory)).filter((name) => name.startsWith(`copy-${files}`));

/** What an attempt leaves that ended after its first pieces. */
const begin = async (options: Partial<GetOptions> = {}): Promise<number> => {
  const begun$ = get(origin.url, { session: client.session, to, ...options });
  await lastValueFrom(begun$.pipe(take(3)));
  // Unsubscribing closes the file, which takes a moment.
  await expect.poll(async () => (await remains()).length).toBe(2);
  const { size } = await stat(`${to}.part`);
  expect(size).toBeGreaterThan(0);
  expect(size).toBeLessThan(CONTENT.length);
  requests = [];
  return size;
};

describe.each([
  ['with content information', {}],
  ['from the origin alone', { places: ['origin'] }],
] as const)('%s', (_name, options) => {
  it('goes on where an attempt before has ended', async () => {
    const size = await begin(options);
    const progress = await fetchAll(options);
    expect(progress[0]).toMatchObject({ _tag: 'Started', offset: size, total: CONTENT.length });
    expect(progress.at(-1)).toMatchObject({ counts: { bytes: CONTENT.length - size } });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
    expect(await remains()).toEqual([`copy-${files}`]);
    expect(requests[0]?.headers).toMatchObject({
      range: `bytes=${size}-`,
      'if-range': expect.stringMatching(/^"/),
    });
  });

  it('begins anew with a content that has changed', async () => {
    await begin(options);
    served = OTHER;
    const progress = await fetchAll(options);
    expect(progress[0]).toMatchObject({ _tag: 'Started', offset: 0 });
    expect((await readFile(to)).equals(OTHER)).toBe(true);
  });

  it('goes on although only the name is missing, if that is still the content', async () => {
    await begin(options);
    await writeFile(`${to}.part`, CONTENT);
    expect((await fetchAll(options))[0]).toMatchObject({ offset: CONTENT.length - 1 });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  });
});

describe('what is not the start of this content is not gone on with', () => {
  it.each<[string, (part: string) => Promise<void>]>([
    ['a note that is damaged', (part) => writeFile(`${part}.json`, '{"url":')],
    [
      'a note of another URL',
      (part) => writeFile(`${part}.json`, JSON.stringify({ url: 'x', validator: '"x"', length: 9 })),
    ],
    ['a note that is none', (part) => writeFile(`${part}.json`, 'null')],
    ['more bytes than the content has', (part) => writeFile(part, contentOf(5_000_000))],
    ['no bytes', (part) => writeFile(part, '')],
  ])('%s', async (_name, damage) => {
    await begin();
    await damage(`${to}.part`);
    expect((await fetchAll())[0]).toMatchObject({ _tag: 'Started', offset: 0 });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
    expect(await remains()).toEqual([`copy-${files}`]);
  });

  it('an origin that joins it to something else is asked for all of it', async () => {
    await begin();
    await using careless = await listen((request, response) => {
      const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      if (first === undefined)
        return void response.writeHead(200, { 'Content-Length': OTHER.length }).end(OTHER);
      const part = OTHER.subarray(Number(first));
      const range = `bytes ${first}-${OTHER.length - 1}/${OTHER.length}`;
      response
        .writeHead(206, { ETag: '"other"', 'Content-Range': range, 'Content-Length': part.length })
        .end(part);
    });
    const note = JSON.parse(await readFile(`${to}.part.json`, 'utf8')) as object;
    const url = createHash('sha256').update(`${careless.url}/`).digest('base64url');
    await writeFile(`${to}.part.json`, JSON.stringify({ ...note, url }));
    const progress = await lastValueFrom(get(careless.url, { session: client.session, to }).pipe(toArray()));
    expect(progress[0]).toMatchObject({ _tag: 'Restarted' });
    expect((await readFile(to)).equals(OTHER)).toBe(true);
  });
});

it('what cannot be gone on with is not kept', async () => {
  await using vague = await listen((_request, response) => {
    response.write(CONTENT.subarray(0, 1_000_000));
  });
  await lastValueFrom(get(vague.url, { session: client.session, to }).pipe(take(2)));
  await expect.poll(remains).toEqual([]);
});

/** Fetches it in a process of its own. */
const fetchElsewhere = async (url: string): Promise<GetReport> => {
  const program = await buildProgram('get-program.ts', import.meta.url);
  const other = new LineProcess<GetOrder, GetReport>([process.execPath, program.path]);
  try {
    await other.read();
    await other.order({ start: { dataDir: join(client.directory, `other-${files}`) } });
    return await other.order({ get: { url, peers: [], to } });
  } finally {
    await other.end();
    await program.remove();
  }
};

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('two processes that fetch different things into one file do not mix them', async () => {
  await using other = await listen((_request, response) => {
    response.setHeader('ETag', '"other"').setHeader('Content-Length', OTHER.length);
    response.write(OTHER.subarray(0, 1_000_000));
    release = () => response.end(OTHER.subarray(1_000_000));
  });
  let release = (): unknown => undefined;
  const slow = lastValueFrom(get(other.url, { session: client.session, to }));
  await expect.poll(async () => (await remains()).length).toBeGreaterThan(0);
  expect(await fetchElsewhere(origin.url)).toMatchObject({ sha256: digest(CONTENT) });
  release();
  await expect(slow).rejects.toMatchObject({ code: 'PEERWEAVE_TAKEN_OVER' });
  expect((await readFile(to)).equals(CONTENT)).toBe(true);
});

it('of two processes that fetch the same into one file the one that is done last says what is true', async () => {
  const slowly = await listen((request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`;
    const headers = { ETag: '"same"', 'Content-Length': CONTENT.length - from };
    response.writeHead(from > 0 ? 206 : 200, { ...headers, ...(from > 0 ? { 'Content-Range': range } : {}) });
    response.write(CONTENT.subarray(from, 1_000_000));
    const end = (): unknown => response.end(CONTENT.subarray(1_000_000));
    if (from > 0) end();
    else release = end;
  });
  let release = (): unknown => undefined;
  await using _origin = slowly;
  const first = lastValueFrom(get(slowly.url, { session: client.session, to }));
  await expect.poll(async () => (await stat(`${to}.part`).catch(() => undefined))?.size).toBeGreaterThan(0);
  await fetchElsewhere(slowly.url);
  release();
  const [one] = await Promise.allSettled([first]);
  expect(one).toMatchObject({ status: 'rejected', reason: { code: 'PEERWEAVE_TAKEN_OVER' } });
  expect(String((one as PromiseRejectedResult).reason)).toContain('fetches into');
  expect((await readFile(to)).equals(CONTENT)).toBe(true);
});

property.prop([fc.integer({ min: 1, max: 300_000 }), fc.double({ min: 0, max: 1, noNaN: true })])(
  'whatever the length and wherever it was interrupted, only the rest is fetched',
  async (length, part) => {
    served = contentOf(length, 3);
    const path = join(client.directory, 'property');
    const have = Math.floor(length * part);
    const head = await fetch(origin.url, { method: 'HEAD' });
    const url = createHash('sha256').update(`${origin.url}/`).digest('base64url');
    await writeFile(`${path}.part`, served.subarray(0, have));
    await writeFile(
      `${path}.part.json`,
      JSON.stringify({ url, validator: head.headers.get('etag'), length }),
    );
    const { counts } = await lastValueFrom(
      get(origin.url, { session: client.session, to: path, places: ['origin'] }),
    );
    expect((await readFile(path)).equals(served)).toBe(true);
    expect(counts.bytes).toBe(length - Math.min(have, length - 1));
  },
);

it('a file that is not the start of anything is left alone', async () => {
  await writeFile(`${to}.part`, 'mine');
  await expect(fetchAll()).rejects.toMatchObject({ _tag: 'AlreadyExists', code: 'EEXIST' });
  expect(await readFile(`${to}.part`, 'utf8')).toBe('mine');
  expect(await remains()).toEqual([`copy-${files}.part`]);
});

it('what cannot be gone on with is still known for what it is', async () => {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
  });
  // Without a validator, and killed: nothing but the file and its note is left.
  const begun$ = get(origin.url, {
    session: client.session,
    to,
    fetch: () => Promise.resolve(new Response(body)),
  });
  await new Promise<void>((resolve) => {
    const subscription = begun$.subscribe((progress) => {
      if (progress._tag !== 'Received') return;
      for (const name of ['part', 'part.json']) copyFileSync(`${to}.${name}`, `${to}.kept.${name}`);
      subscription.unsubscribe();
      resolve();
    });
  });
  await expect.poll(remains).toEqual([`copy-${files}.kept.part`, `copy-${files}.kept.part.json`]);
  to = `${to}.kept`;
  expect((await fetchAll())[0]).toMatchObject({ _tag: 'Started', offset: 0 });
  expect((await readFile(to)).equals(CONTENT)).toBe(true);
});

describe('several of one process that fetch into one file', () => {
  it('take turns', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => fetchAll()));
    for (const progress of all) expect(progress.at(-1)).toMatchObject({ _tag: 'Completed' });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
    expect(await remains()).toEqual([`copy-${files}`]);
  });

  it('one that is not wanted any more gives its turn to the next, wherever it is', async () => {
    const began = new Subject<void>();
    const get$ = get(origin.url, { session: client.session, to }).pipe(
      tap(({ _tag }) => _tag === 'Received' && began.next()),
    );
    const waiting = new Set<Subscription>();
    const last = lastValueFrom(
      merge(of('first'), began.pipe(take(1))).pipe(
        switchMap(() => {
          // Those stand in the row when they are given up.
          waiting.add(get$.subscribe({ error: () => undefined }));
          for (const one of waiting) if (waiting.size > 1) one.unsubscribe();
          return get$;
        }),
        takeWhile(({ _tag }) => _tag !== 'Completed', true),
      ),
    );
    expect(await last).toMatchObject({ _tag: 'Completed' });
    for (const one of waiting) one.unsubscribe();
    await expect.poll(remains).toEqual([`copy-${files}`]);
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  });
});

it.skipIf(process.platform === 'win32')(
  'who may not read what is replaced may not read what replaces it',
  async () => {
    await writeFile(to, 'private');
    await chmod(to, 0o640);
    await fetchAll();
    expect((await stat(to)).mode & 0o777).toBe(0o640);
  },
);

it('a part that is removed meanwhile is told of as that', async () => {
  let isRemoved = false;
  const removing$ = get(origin.url, { session: client.session, to }).pipe(
    tap(({ _tag }) => {
      if (_tag !== 'Received' || isRemoved) return;
      isRemoved = true;
      rmSync(`${to}.part`);
    }),
  );
  await expect(lastValueFrom(removing$)).rejects.toMatchObject({
    _tag: 'NotFound',
    code: 'PEERWEAVE_PART_REMOVED',
  });
});
