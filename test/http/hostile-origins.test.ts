import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { lastValueFrom, take, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PeerError, systemClock } from '../../src/effects/index.js';
import { makeContentInformation } from '../../src/engine/index.js';
import { get, getIterable, type GetOptions, type GetProgress } from '../../src/http/index.js';
import { collect, contentOf, listen, type Machine, startMachine } from './support.js';

const CONTENT = contentOf(1_000_000);
const ETAG = '"one"';
const SECRET = Buffer.from('a secret of these tests');

let client: Machine;
/** One for whom a second is 20 ms. */
let hasty: Machine;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  client = await startMachine();
  hasty = await startMachine({ ...systemClock, schedule: (ms, task) => systemClock.schedule(ms / 50, task) });
});

afterEach(async () => {
  for (const server of opened.splice(0)) await server[Symbol.asyncDispose]();
});

afterAll(async () => {
  await hasty[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

const serve = async (listener: RequestListener): Promise<string> => {
  const server = await listen(listener);
  opened.push(server);
  return server.url;
};

const fetchAll = async (url: string, options: Partial<GetOptions> = {}) => {
  const progress: GetProgress[] = await lastValueFrom(
    get(url, { session: client.session, stallMs: 5_000, ...options }).pipe(toArray()),
  );
  const restarts = progress.filter(({ _tag }) => _tag === 'Restarted').length;
  const last = progress.findLastIndex(({ _tag }) => _tag === 'Started');
  const bytes = progress.slice(last).flatMap((one) => (one._tag === 'Received' ? [one.bytes] : []));
  return { bytes: Buffer.concat(bytes), restarts, basis: progress[last], last: progress.at(-1) };
};

const acceptsPeerDist = ({ headers }: IncomingMessage): boolean =>
  headers['accept-encoding']?.includes('peerdist') === true;

const rangeIn = (range: string | undefined): { first: number; last: number } | undefined => {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  return first === undefined
    ? undefined
    : { first: Number(first), last: last === '' ? CONTENT.length - 1 : Number(last) };
};

/** An origin that does everything right with `content`. */
const answerWell = (
  request: IncomingMessage,
  response: ServerResponse,
  content = CONTENT,
  etag = ETAG,
): void => {
  const range = rangeIn(request.headers.range);
  const ifRange = request.headers['if-range'];
  response.setHeader('ETag', etag);
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) {
    response.writeHead(200, { 'Content-Length': content.length }).end(content);
    return;
  }
  const part = content.subarray(range.first, range.last + 1);
  response.writeHead(206, {
    'Content-Length': part.length,
    'Content-Range': `bytes ${range.first}-${range.first + part.length - 1}/${content.length}`,
  });
  response.end(part);
};

/** Sends the first part of the content, and then nothing more. */
const breakOff = (response: ServerResponse): void => {
  response.writeHead(200, { ETag: ETAG, 'Content-Length': CONTENT.length });
  response.write(CONTENT.subarray(0, 300_000), () => response.destroy());
};

const sendInformation = (response: ServerResponse, information: Uint8Array, length: number): void => {
  response.writeHead(200, {
    ETag: ETAG,
    'Content-Encoding': 'peerdist',
    'Content-Length': information.length,
    'X-P2P-PeerDist': `Version=1.1, ContentLength=${length}`,
  });
  response.end(information);
};

describe('content information', () => {
  const cases: readonly (readonly [string, (response: ServerResponse) => Promise<void> | void])[] = [
    ['that is junk', (response) => sendInformation(response, contentOf(500), CONTENT.length)],
    ['that is empty', (response) => sendInformation(response, Buffer.alloc(0), CONTENT.length)],
    [
      'of a content of another length',
      async (response) => {
        const other = await makeContentInformation([CONTENT.subarray(0, 500_000)], { secret: SECRET });
        sendInformation(response, other, CONTENT.length);
      },
    ],
    [
      'of a content that is longer than the head says',
      async (response) => {
        sendInformation(response, await makeContentInformation([CONTENT], { secret: SECRET }), 999_999);
      },
    ],
    [
      'of another content of the same length',
      async (response) => {
        const other = await makeContentInformation([contentOf(CONTENT.length, 9)], { secret: SECRET });
        sendInformation(response, other, CONTENT.length);
      },
    ],
    [
      'without its parameters',
      (response) => void response.writeHead(200, { ETag: ETAG, 'Content-Encoding': 'peerdist' }).end('x'),
    ],
    [
      'with a content length that is none',
      (response) =>
        void response
          .writeHead(200, {
            ETag: ETAG,
            'Content-Encoding': 'peerdist',
            'X-P2P-PeerDist': 'Version=1.1, ContentLength=-5',
          })
          .end('x'),
    ],
    [
      'that is compressed on top',
      (response) =>
        void response
          .writeHead(200, {
            ETag: ETAG,
            'Content-Encoding': 'peerdist, gzip',
            'X-P2P-PeerDist': 'Version=1.1, ContentLength=1000000',
          })
          .end(gzipSync('x')),
    ],
    [
      'that never ends',
      (response) => {
        response.writeHead(200, {
          ETag: ETAG,
          'Content-Encoding': 'peerdist',
          'X-P2P-PeerDist': 'Version=1.1, ContentLength=1000000',
        });
        const piece = Buffer.alloc(1024 * 1024);
        const more = (): void => {
          while (!response.destroyed && response.write(piece));
        };
        response.on('drain', more);
        more();
      },
    ],
  ];

  it.each(cases)('%s leads to the content itself', async (_name, sendIt) => {
    const url = await serve((request, response) => {
      if (acceptsPeerDist(request)) void sendIt(response);
      else answerWell(request, response);
    });
    const { bytes, restarts, basis } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(1);
    expect(basis).toMatchObject({ basis: 'content' });
  });

  it.each([1, 2])('that breaks off %i times is asked for twice before the content itself', async (times) => {
    // Of its own: what was cached would not be asked for.
    const content = contentOf(CONTENT.length, 20 + times);
    const information = await makeContentInformation([content], { secret: SECRET });
    const asked: boolean[] = [];
    const url = await serve((request, response) => {
      asked.push(acceptsPeerDist(request));
      if (!acceptsPeerDist(request)) answerWell(request, response, content);
      else if (asked.length > times) sendInformation(response, information, content.length);
      else {
        response.writeHead(200, {
          ETag: ETAG,
          'Content-Encoding': 'peerdist',
          'Content-Length': information.length,
          'X-P2P-PeerDist': `Version=1.1, ContentLength=${content.length}`,
        });
        response.write(information.subarray(0, 300), () => response.destroy());
      }
    });
    const { bytes, restarts, basis } = await fetchAll(url);
    expect(bytes.equals(content)).toBe(true);
    expect(restarts).toBe(times);
    expect(basis).toMatchObject({ basis: times === 1 ? 'content-information' : 'content' });
    expect(asked.slice(0, 3)).toEqual([true, true, false]);
  });

  it('that breaks off each time is the origin’s failure where that is not asked for the content', async () => {
    const asked: boolean[] = [];
    const url = await serve((request, response) => {
      asked.push(acceptsPeerDist(request));
      response.writeHead(200, {
        ETag: ETAG,
        'Content-Encoding': 'peerdist',
        'Content-Length': 10_000,
        'X-P2P-PeerDist': `Version=1.1, ContentLength=${CONTENT.length}`,
      });
      response.write(Buffer.from('0001', 'hex'), () => response.destroy());
    });
    await expect(fetchAll(url, { places: ['cache', 'peers'] })).rejects.toMatchObject({
      _tag: 'Unavailable',
      operation: 'get',
    });
    expect(asked).toEqual([true, true]);
  });

  it('of another content never puts that into the file', async () => {
    const other = contentOf(CONTENT.length, 9);
    const information = await makeContentInformation([other], { secret: SECRET });
    const url = await serve((request, response) => {
      if (acceptsPeerDist(request)) sendInformation(response, information, CONTENT.length);
      else answerWell(request, response);
    });
    const to = join(client.directory, 'other');
    await fetchAll(url, { to });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  });
});

describe('an origin that describes the content, and gives no part of it', () => {
  const PARTS: readonly (readonly [string, (request: IncomingMessage, response: ServerResponse) => void])[] =
    [
      [
        'encodes them',
        (_, response) => response.writeHead(206, { ETag: ETAG, 'Content-Encoding': 'gzip' }).end('x'),
      ],
      ['refuses them', (_, response) => response.writeHead(403).end()],
      ['breaks them off', ({ socket }) => socket.destroy()],
      [
        'has others',
        (_, response) => response.writeHead(206, { ETag: ETAG, 'Content-Range': 'bytes 7-8/9' }).end('xy'),
      ],
      ['has them of another state', (request, response) => answerWell(request, response, CONTENT, '"two"')],
    ];
  const serveWhole = async (part: (typeof PARTS)[number][1], whole = answerWell): Promise<string> => {
    const information = await makeContentInformation([CONTENT], { secret: SECRET });
    return serve((request, response) => {
      if (request.headers.range !== undefined) part(request, response);
      else if (acceptsPeerDist(request)) sendInformation(response, information, CONTENT.length);
      else whole(request, response);
    });
  };

  it.each(PARTS)('as it %s, is asked for the whole', async (_name, part) => {
    const url = await serveWhole(part);
    const { bytes, basis, last } = await fetchAll(url, { session: hasty.session, stallMs: 60_000 });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(basis).toMatchObject({ basis: 'content' });
    expect(last).toMatchObject({ counts: { fromOrigin: CONTENT.length } });
  });

  it('is asked for the whole also where a part of it was fetched before', async () => {
    let refuses = false;
    const url = await serveWhole((request, response) => {
      if (refuses) response.writeHead(403).end();
      else answerWell(request, response);
    });
    const to = join(client.directory, 'begun');
    await lastValueFrom(get(url, { session: client.session, places: ['origin'], to }).pipe(take(3)));
    // Unsubscribing closes the file, which takes a moment; whoever comes next has its turn then.
    refuses = true;
    const { last } = await fetchAll(url, { to });
    expect(last).toMatchObject({ _tag: 'Completed', counts: { fromOrigin: CONTENT.length } });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  });

  it('nor the whole, is told of by what all said who were asked', async () => {
    const url = await serveWhole(
      (_, response) => response.writeHead(403).end(),
      (_, response) => void response.writeHead(503).end(),
    );
    await expect(fetchAll(url, { peers: ['127.0.0.1:1'] })).rejects.toMatchObject({ code: 'HTTP_403' });
  });

  it('is not asked for the whole where it must not be asked', async () => {
    let plain = 0;
    const url = await serveWhole(
      () => (plain += 1),
      () => (plain += 1),
    );
    await expect(fetchAll(url, { places: ['cache', 'peers'] })).rejects.toMatchObject({ _tag: 'NotFound' });
    expect(plain).toBe(0);
  });
});

describe('a body', () => {
  it('that breaks off is gone on with where it was', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers.range);
      if (asked.length > 1) answerWell(request, response);
      else breakOff(response);
    });
    const { bytes, restarts } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(0);
    const { first } = rangeIn(asked[1]) ?? { first: 0 };
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(300_000);
  });

  it('that breaks off again and again is an error in the end', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { ETag: ETAG, 'Content-Length': CONTENT.length });
      response.write(CONTENT.subarray(0, 10), () => response.destroy());
    });
    const failing = fetchAll(url, { session: hasty.session, stallMs: 60_000 });
    await expect(failing).rejects.toMatchObject({ _tag: 'Unavailable' });
  });

  it('without a validator that breaks off is begun again', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'Content-Length': CONTENT.length });
      if (requests > 1) response.end(CONTENT);
      else response.write(CONTENT.subarray(0, 300_000), () => response.destroy());
    });
    const { bytes, restarts } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(1);
  });

  it('shorter than its Content-Length is noticed', async () => {
    const url = await serve(({ socket }) => {
      socket.end(`HTTP/1.1 200 OK\r\nETag: ${ETAG}\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort`);
    });
    const failing = fetchAll(url, { session: hasty.session, stallMs: 60_000 });
    await expect(failing).rejects.toMatchObject({ _tag: 'Unavailable' });
  });

  it('longer than its Content-Length ends there', async () => {
    const url = await serve((request) => {
      request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nrightwrong');
    });
    const { bytes } = await fetchAll(url);
    expect(bytes.toString()).toBe('right');
  });

  it('that stalls counts as broken', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests > 1) answerWell(request, response);
      else
        response
          .writeHead(200, { ETag: ETAG, 'Content-Length': CONTENT.length })
          .write(CONTENT.subarray(0, 9));
    });
    const { bytes } = await fetchAll(url, { stallMs: 200 });
    expect(bytes.equals(CONTENT)).toBe(true);
  });

  it('that never begins is a timeout', async () => {
    const url = await serve(() => undefined);
    await expect(fetchAll(url, { stallMs: 200 })).rejects.toMatchObject({ _tag: 'Timeout' });
  });

  it('that is empty is a content without bytes', async () => {
    const url = await serve((_request, response) => void response.end());
    const { bytes, last } = await fetchAll(url);
    expect(bytes).toHaveLength(0);
    expect(last).toMatchObject({ _tag: 'Completed', total: 0 });
  });

  it.each([
    ['gzip', gzipSync(CONTENT)],
    ['deflate', deflateSync(CONTENT)],
    ['br', brotliCompressSync(CONTENT)],
  ])('encoded with %s is decoded, and kept for nobody', async (coding, body) => {
    const url = await serve((_request, response) => {
      response
        .writeHead(200, { ETag: ETAG, 'Content-Encoding': coding, 'Content-Length': body.length })
        .end(body);
    });
    const to = join(client.directory, `decoded-${coding}`);
    const { bytes, basis, last } = await fetchAll(url, { to });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
    expect(basis).toMatchObject({ basis: 'transformed-content' });
    expect(last).toMatchObject({ counts: { fromOrigin: CONTENT.length } });
  });

  it('with an encoding that nobody knows is refused', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'rot13' }).end('x');
    });
    await expect(fetchAll(url)).rejects.toMatchObject({ _tag: 'Protocol' });
  });

  it('that is a decompression bomb takes no more memory than its reader', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024), { level: 9 });
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': bomb.length }).end(bomb);
    });
    const pieces = getIterable(url, { session: client.session });
    await pieces.next();
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    await pieces.return();
  });
});

describe('ranges', () => {
  it('that are not known are made up for by skipping', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      if (requests === 1) breakOff(response);
      else response.writeHead(200, { ETag: ETAG, 'Content-Length': CONTENT.length }).end(CONTENT);
    });
    const { bytes, restarts } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(0);
  });

  it.each([
    ['another start', 'bytes 5-999999/1000000', CONTENT.subarray(5)],
    ['no Content-Range', undefined, CONTENT.subarray(5)],
    ['one that is upside down', 'bytes 9-5/1000000', CONTENT.subarray(5)],
    ['one beyond the end', 'bytes 300000-2000000/1000000', CONTENT.subarray(5)],
  ])('%s is refused', async (_name, contentRange, body) => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      const headers = contentRange === undefined ? {} : { 'Content-Range': contentRange };
      if (requests === 1) breakOff(response);
      else response.writeHead(206, { ETag: ETAG, 'Content-Length': body.length, ...headers }).end(body);
    });
    await expect(fetchAll(url)).rejects.toMatchObject({ _tag: 'Protocol' });
  });

  it.each([
    ['another one', { 'Content-Range': 'bytes 0-99/1000000' }],
    ['several in one', { 'Content-Type': 'multipart/byteranges; boundary=x' }],
  ])('that come as %s are done without, after a connection that broke', async (_name, headers) => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests === 1) breakOff(response);
      else if (request.headers.range === undefined) answerWell(request, response);
      else response.writeHead(206, { ETag: ETAG, ...headers }).end(CONTENT.subarray(0, 100));
    });
    const { bytes, restarts } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(1);
  });

  it('that nobody asked for are refused', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(206, { 'Content-Range': 'bytes 0-4/1000000' }).end('right');
    });
    await expect(fetchAll(url)).rejects.toMatchObject({ _tag: 'Protocol', code: 'HTTP_206' });
  });

  it('of another length are of another content', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests === 1) breakOff(response);
      else if (request.headers.range === undefined) answerWell(request, response);
      else
        response.writeHead(206, { ETag: ETAG, 'Content-Range': 'bytes 300000-300004/300005' }).end('wrong');
    });
    const { bytes, restarts } = await fetchAll(url);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(restarts).toBe(1);
  });
});

describe('a connection that always breaks, with nothing to go on by', () => {
  const withoutValidator = (): Promise<string> =>
    serve((_request, response) => {
      response.writeHead(200, { 'Content-Length': CONTENT.length });
      response.write(CONTENT.subarray(0, 300_000), () => response.destroy());
    });

  it('is the failure of the connection, not of the content', async () => {
    const thrown = await fetchAll(await withoutValidator()).then(
      () => expect.fail('it cannot be had'),
      (error: unknown) => error as PeerError,
    );
    expect(thrown).toMatchObject({
      _tag: 'Unavailable',
      code: 'UND_ERR_SOCKET',
      advice: expect.stringContaining('Try again'),
    });
    expect(thrown.advice).not.toContain('change');
    expect(thrown.message).toContain('begun again too often; the last time the connection broke');
    expect(thrown.message).toContain('the origin does not say what it would go on with');
  });

  it('is so too where pieces are taken already', async () => {
    const taken = collect(getIterable(await withoutValidator(), { session: client.session }));
    await expect(taken).rejects.toMatchObject({
      code: 'UND_ERR_SOCKET',
      advice: 'Read it again from its start.',
    });
  });
});

describe('a content that changes', () => {
  const OTHER = contentOf(900_000, 5);

  /** Serves one content until it has broken off, and then another. */
  const changing = async (): Promise<string> => {
    let requests = 0;
    return serve((request, response) => {
      requests += 1;
      if (requests > 1) answerWell(request, response, OTHER, '"two"');
      else breakOff(response);
    });
  };

  it('is begun again, so that nothing is mixed', async () => {
    const to = join(client.directory, 'changing');
    const { bytes, restarts } = await fetchAll(await changing(), { to });
    expect(restarts).toBe(1);
    expect(bytes.equals(OTHER)).toBe(true);
    expect((await readFile(to)).equals(OTHER)).toBe(true);
  });

  it('is an error where pieces are taken already', async () => {
    await expect(collect(getIterable(await changing(), { session: client.session }))).rejects.toMatchObject({
      code: 'PEERWEAVE_CONTENT_CHANGED',
    });
  });

  it('with content information is begun again as well', async () => {
    let state = 0;
    const contents = [CONTENT, contentOf(CONTENT.length, 5)] as const;
    const url = await serve((request, response) => {
      const content = contents[state] ?? CONTENT;
      const etag = `"state ${state}"`;
      if (acceptsPeerDist(request)) {
        void makeContentInformation([content], { secret: SECRET }).then((information) => {
          response.writeHead(200, {
            ETag: etag,
            'Content-Encoding': 'peerdist',
            'X-P2P-PeerDist': `Version=1.1, ContentLength=${content.length}`,
          });
          response.end(information);
          state = 1;
        });
      } else answerWell(request, response, content, etag);
    });
    const { bytes, restarts, basis } = await fetchAll(url);
    expect(restarts).toBe(1);
    expect(basis).toMatchObject({ basis: 'content-information' });
    expect(bytes.equals(contents[1])).toBe(true);
  });

  it('every time cannot be had', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(200, { ETag: `"${requests}"`, 'Content-Length': CONTENT.length });
      response.write(CONTENT.subarray(0, 300_000), () => response.destroy());
    });
    await expect(fetchAll(url)).rejects.toMatchObject({ code: 'PEERWEAVE_CONTENT_CHANGED' });
  });
});

describe('a status', () => {
  it.each([
    [400, 'Protocol'],
    [401, 'AccessDenied'],
    [403, 'AccessDenied'],
    [404, 'NotFound'],
    [410, 'NotFound'],
    [429, 'Unavailable'],
    [500, 'Unavailable'],
    [503, 'Unavailable'],
    [504, 'Timeout'],
    [204, 'Protocol'],
    [304, 'Protocol'],
  ])('%i is %s', async (status, tag) => {
    const url = await serve((_request, response) => void response.writeHead(status).end());
    await expect(fetchAll(url)).rejects.toMatchObject({ _tag: tag, code: `HTTP_${status}` });
  });

  it('that redirects is followed, without the secrets of one place for another', async () => {
    const seen: (string | undefined)[] = [];
    const target = await serve((request, response) => {
      seen.push(request.headers.authorization);
      answerWell(request, response);
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      // Another origin, as its port differs.
      response.writeHead(302, { Location: `${target}/elsewhere` }).end();
    });
    const { bytes } = await fetchAll(url, { headers: { authorization: 'Bearer secret' } });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(seen).toEqual(['Bearer secret', undefined]);
  });

  it('that redirects for ever is an error', async () => {
    const url = await serve((request, response) => {
      response.writeHead(302, { Location: `/${Number(request.url?.slice(1) ?? 0) + 1}` }).end();
    });
    await expect(fetchAll(url)).rejects.toMatchObject({ _tag: 'Protocol' });
  });

  it.each<readonly [string, (response: ServerResponse) => void]>([
    [
      'that leads to another scheme',
      (response) => response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
    ],
    ['that leads to no URL', (response) => response.writeHead(302, { Location: 'http://' }).end()],
    ['that is not HTTP', (response) => response.socket?.end('hello\r\n\r\n')],
    [
      'with two lengths',
      ({ socket }) => socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    ],
    ['with endless headers', (response) => response.writeHead(200, { 'X-A': 'b'.repeat(100_000) }).end()],
  ])('an answer %s makes no sense, which is not that nobody answers', async (_name, answer) => {
    const url = await serve((_request, response) => answer(response));
    const failing = fetchAll(url);
    await expect(failing).rejects.toMatchObject({ _tag: 'Protocol' });
    await expect(failing).rejects.not.toThrow('cannot be reached');
  });

  it('a refused connection is an error with the code of the system', async () => {
    await expect(fetchAll('http://127.0.0.1:1/')).rejects.toMatchObject({ _tag: 'Unavailable' });
  });
});

it('credentials in a URL that are no text are a bad argument', async () => {
  for (const credentials of ['us%zz:p', 'us:%c3%28']) {
    await expect(fetchAll(`http://${credentials}@127.0.0.1:1/`)).rejects.toMatchObject({
      _tag: 'BadArgument',
    });
  }
});

it('credentials in a URL authorize the request, and appear nowhere else', async () => {
  const url = await serve((request, response) => {
    const expected = `Basic ${Buffer.from('me:s€cret').toString('base64')}`;
    response.writeHead(request.headers.authorization === expected ? 404 : 401).end();
  });
  const failure: unknown = await fetchAll(url.replace('//', '//me:s%E2%82%ACcret@')).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ _tag: 'NotFound' });
  expect(String(failure)).not.toContain('cret');
});
