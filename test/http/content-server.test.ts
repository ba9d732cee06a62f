import { execFile } from 'node:child_process';
import { createConnection } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retrieve } from '../../src/index.js';
import { type ContentServer, createContentServer, sendContent } from '../../src/http/index.js';
import { missing } from '../tools.js';
import {
  ask,
  blockHashesOf,
  contentOf,
  listen,
  type Machine,
  PEERDIST_1_0,
  PEERDIST_1_1,
  readInformation,
  sha256,
  startMachine,
} from './support.js';

/** The sizes of the example in MS-PCCRTP 4. */
const CONTENT = contentOf(184_946);
const MODIFIED = new Date('2008-08-01T01:02:03Z');
const PAGE = { bytes: CONTENT, type: 'text/html', modified: MODIFIED };

let machine: Machine;
let content: ContentServer;
let origin: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  machine = await startMachine();
  content = createContentServer({ session: machine.session });
  origin = await listen((request, response) => {
    if (request.url === '/private') {
      if (request.headers.authorization !== 'Bearer right') return void response.writeHead(401).end();
      response.setHeader('Cache-Control', 'public, max-age=60, s-maxage=600');
      response.setHeader('Vary', 'Authorization');
    }
    if (request.url === '/encoded') response.setHeader('Content-Encoding', 'gzip');
    if (request.url === '/untouched') response.setHeader('Cache-Control', 'max-age=60, no-transform');
    if (request.url === '/small') {
      return void sendContent(content, request, response, { bytes: CONTENT.subarray(0, 65_535) });
    }
    if (request.url === '/empty')
      return void sendContent(content, request, response, { bytes: Buffer.alloc(0) });
    return void sendContent(content, request, response, PAGE);
  });
  await content.prepare(PAGE);
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await content.close();
  await machine[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => ask(`${origin.url}${path}`, { headers });

describe('an answer with content information', () => {
  it('has the head of the example of MS-PCCRTP 4, byte for byte', async () => {
    const socket = createConnection(origin.port, '127.0.0.1');
    socket.write(
      [
        'GET /index.html HTTP/1.1',
        'Host: www.hostname.com',
        'Accept: */*',
        'Accept-Language: en-US',
        'Accept-Encoding: gzip, deflate, peerdist',
        'X-P2P-PeerDist: Version=1.1',
        'X-P2P-PeerDistEx: MinContentInformation=1.0, MaxContentInformation=1.0',
        'User-Agent: Mozilla/4.0',
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    );
    const [head = '', body = ''] = (await text(socket.setEncoding('latin1'))).split('\r\n\r\n');
    expect(
      head
        .replace(/^Date: .*\r\n/m, '')
        .split('\r\n')
        .sort(),
    ).toEqual(
      [
        'HTTP/1.1 200 OK',
        'Content-Type: text/html',
        'Content-Encoding: peerdist',
        'Content-Length: 198',
        'Last-Modified: Fri, 01 Aug 2008 01:02:03 GMT',
        'Accept-Ranges: bytes',
        `ETag: "${sha256(CONTENT).toString('base64url')}"`,
        'X-P2P-PeerDist: Version=1.1, ContentLength=184946',
        'Vary: Accept-Encoding, X-P2P-PeerDist, X-P2P-PeerDistEx',
        'Cache-Control: private, no-transform',
        'Connection: close',
      ].sort(),
    );
    expect(body).toHaveLength(198);
  });

  it('describes the content: every hash is that of node:crypto', async () => {
    const { body, headers } = await get('/', PEERDIST_1_0);
    expect(headers['x-p2p-peerdist']).toBe('Version=1.0, ContentLength=184946');
    const information = readInformation(body);
    expect(information).toMatchObject({
      version: 0x0100,
      hash: 0x800c,
      segments: 1,
      offsetInFirstSegment: 0,
      readBytesInLastSegment: 0,
      segmentLength: CONTENT.length,
      trailing: 0,
    });
    expect(information.blockHashes).toEqual(blockHashesOf(CONTENT));
    expect(information.hashOfData).toEqual(sha256(Buffer.concat(blockHashesOf(CONTENT))));
  });

  it('lets another machine fetch the content from the peer that published it', async () => {
    const { body } = await get('/', PEERDIST_1_1);
    await using other = await startMachine();
    const to = join(other.directory, 'copy');
    const { host, port } = machine.driver.endpoint() ?? { host: '', port: 0 };
    const done = await lastValueFrom(
      retrieve(body, { session: other.session, peers: [`${host}:${port}`], to }),
    );
    expect(done._tag).toBe('Retrieved');
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  });

  it('to a range describes the range, in the numbers of the content', async () => {
    const { status, headers, body } = await get('/', { ...PEERDIST_1_1, range: 'bytes=70000-179999' });
    expect(status).toBe(206);
    expect(headers).toMatchObject({
      'content-encoding': 'peerdist',
      'content-range': 'bytes 70000-179999/184946',
      'content-length': String(body.length),
      'x-p2p-peerdist': 'Version=1.1, ContentLength=110000',
    });
    const information = readInformation(body);
    expect(information.offsetInFirstSegment).toBe(70_000);
    expect(information.readBytesInLastSegment).toBe(110_000);
    expect(information.blockHashes).toEqual(blockHashesOf(CONTENT).slice(0, information.blockHashes.length));
  });

  it('to HEAD is its head alone', async () => {
    const got = await get('/', PEERDIST_1_1);
    const { status, headers, body } = await ask(origin.url, { method: 'HEAD', headers: PEERDIST_1_1 });
    const { date: _date, ...expected } = got.headers;
    expect(status).toBe(200);
    expect(headers).toMatchObject(expected);
    expect(body).toHaveLength(0);
  });

  it.skipIf(missing('curl'))('reaches curl', async () => {
    const args = Object.entries(PEERDIST_1_1).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-i', ...args, origin.url], {
      encoding: 'buffer',
    });
    const end = stdout.indexOf('\r\n\r\n');
    expect(stdout.subarray(0, end).toString()).toMatch(/^content-encoding: peerdist\r$/im);
    expect(readInformation(stdout.subarray(end + 4)).blockHashes).toEqual(blockHashesOf(CONTENT));
  });
});

describe('a plain answer', () => {
  it.each([
    ['no peerdist accepted', {}],
    ['an incompatible version', { ...PEERDIST_1_1, 'x-p2p-peerdist': 'Version=999.999' }],
    ['missing data', { 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true' }],
    [
      'missing data although peerdist is accepted',
      { ...PEERDIST_1_1, 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true' },
    ],
    [
      'an unknown value of MissingDataRequest',
      { ...PEERDIST_1_1, 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=yes' },
    ],
    [
      'versions of content information that there are not',
      { ...PEERDIST_1_1, 'x-p2p-peerdistex': 'MinContentInformation=4.0, MaxContentInformation=5.0' },
    ],
  ])('to a request with %s is the content', async (_name, headers) => {
    const { status, headers: received, body } = await get('/', headers);
    expect(status).toBe(200);
    expect(received['content-encoding']).toBeUndefined();
    expect(received['x-p2p-peerdist']).toBeUndefined();
    expect(received['content-length']).toBe('184946');
    expect(body.equals(CONTENT)).toBe(true);
  });

  it('to a request for missing data is the very bytes of the range', async () => {
    const { status, headers, body } = await get('/', {
      'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true',
      range: 'bytes=65536-131071',
    });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe('bytes 65536-131071/184946');
    expect(body.equals(CONTENT.subarray(65_536, 131_072))).toBe(true);
  });

  it('carries the validator that the content information has, so that ranges of it fit', async () => {
    const { headers } = await get('/', PEERDIST_1_1);
    const { etag = '' } = headers;
    const part = await get('/', { 'if-range': etag, range: 'bytes=0-9' });
    expect(part.status).toBe(206);
    expect(part.headers.etag).toBe(etag);
  });

  it.each([
    ['content below 64 KiB', '/small', {}],
    ['a range below 64 KiB', '/', { range: 'bytes=0-65534' }],
    ['nothing', '/empty', {}],
  ])('is given for %s', async (_name, path, extra) => {
    const { headers } = await get(path, { ...PEERDIST_1_1, ...extra });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-p2p-peerdistex']).toBeUndefined();
  });

  it('is given in place of a second encoding', async () => {
    const { headers, body } = await get('/encoded', PEERDIST_1_1);
    expect(headers['content-encoding']).toBe('gzip');
    expect(body.equals(CONTENT)).toBe(true);
  });

  it('is given where the application forbids transformations', async () => {
    const { headers, body } = await get('/untouched', PEERDIST_1_1);
    expect(headers['cache-control']).toBe('max-age=60, no-transform');
    expect(body.equals(CONTENT)).toBe(true);
  });

  it('tells caches what it depends on, unless it can be no other', async () => {
    expect((await get('/')).headers.vary).toBe('Accept-Encoding, X-P2P-PeerDist, X-P2P-PeerDistEx');
    expect((await get('/small')).headers.vary).toBeUndefined();
  });
});

describe('authorization', () => {
  it('guards content information like the content', async () => {
    const refused = await get('/private', PEERDIST_1_1);
    expect(refused.status).toBe(401);
    expect(refused.body).toHaveLength(0);
    const wrong = await get('/private', { ...PEERDIST_1_1, authorization: 'Bearer wrong' });
    expect(wrong).toMatchObject({ status: refused.status, body: refused.body });
    const allowed = await get('/private', { ...PEERDIST_1_1, authorization: 'Bearer right' });
    expect(allowed.headers['content-encoding']).toBe('peerdist');
  });

  it('keeps content information out of shared caches, which the content may enter', async () => {
    const authorization = 'Bearer right';
    const plain = await get('/private', { authorization });
    expect(plain.headers['cache-control']).toBe('public, max-age=60, s-maxage=600');
    const encoded = await get('/private', { ...PEERDIST_1_1, authorization });
    expect(encoded.headers['cache-control']).toBe('max-age=60, private, no-transform');
    expect(encoded.headers.vary).toBe('Authorization, Accept-Encoding, X-P2P-PeerDist, X-P2P-PeerDistEx');
  });
});

it('refuses what is no way to read', async () => {
  const { status, headers } = await ask(origin.url, { method: 'DELETE' });
  expect(status).toBe(405);
  expect(headers.allow).toBe('GET, HEAD');
});
