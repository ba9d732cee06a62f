import { mkdir, writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express from 'express';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isPeerError } from '../../src/effects/index.js';
import {
  createContentDirectory,
  createContentServer,
  replyWithContent,
  replyWithDirectory,
  sendContent,
  serveDirectory,
} from '../../src/http/index.js';
import {
  ask,
  blockHashesOf,
  contentOf,
  listen,
  type Machine,
  PEERDIST_1_1,
  readInformation,
  startMachine,
} from './support.js';

const CONTENT = contentOf(100_000);
const TEXT = Buffer.alloc(100_000, 'text that compresses well ');
const REPORT = { bytes: CONTENT, type: 'application/pdf' };
const AUTHORIZED = { authorization: 'Bearer right' };

let machine: Machine;
let root: string;
const urls: Record<string, string> = {};
const closing: (() => PromiseLike<unknown>)[] = [];

beforeAll(async () => {
  machine = await startMachine();
  root = join(machine.directory, 'root');
  await mkdir(join(root, 'folder'), { recursive: true });
  await writeFile(join(root, 'folder', 'large.bin'), CONTENT);
  await writeFile(join(root, 'text.txt'), TEXT);
  const content = createContentServer({ session: machine.session });
  const files = createContentDirectory(content, root);
  await content.prepare(REPORT);
  for await (const { fault } of files.prepare()) expect(fault).toBeUndefined();

  const app = express();
  app.use('/compressed', compression(), serveDirectory(files));
  app.use((request, response, next) => {
    if (request.get('authorization') === AUTHORIZED.authorization) next();
    else response.sendStatus(401);
  });
  app.use('/files', serveDirectory(files));
  app.get('/report', (request, response, next) => {
    response.set('Content-Disposition', 'attachment');
    sendContent(content, request, response, REPORT).catch(next);
  });
  app.get('/lost', (request, response, next) => {
    const lost = { path: join(root, 'lost') };
    sendContent(content, request, response, lost).catch((error: unknown) =>
      next(isPeerError(error) && error._tag === 'NotFound' ? undefined : error),
    );
  });
  app.use((_request, response) => void response.status(404).send('from the application'));
  const server = await listen(app);
  closing.push(() => server[Symbol.asyncDispose]());
  urls['express'] = server.url;

  const instance = fastify();
  instance.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization !== AUTHORIZED.authorization) await reply.code(401).send();
  });
  instance.setNotFoundHandler((_request, reply) => reply.code(404).send('from the application'));
  await instance.register(
    async (scope) => {
      scope.get('/*', replyWithDirectory(files));
    },
    { prefix: '/files' },
  );
  instance.get('/report', async (request, reply) => {
    reply.header('Content-Disposition', 'attachment');
    return replyWithContent(content, request, reply, REPORT);
  });
  instance.get('/lost', (request, reply) =>
    replyWithContent(content, request, reply, { path: join(root, 'lost') }),
  );
  urls['fastify'] = await instance.listen({ host: '127.0.0.1', port: 0 });
  closing.push(async () => {
    await instance.close();
  });
});

afterAll(async () => {
  for (const close of closing) await close();
  await machine[Symbol.asyncDispose]();
});

describe.each(['express', 'fastify'])('%s', (name) => {
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    ask(`${urls[name] ?? ''}${path}`, { method, headers: { ...AUTHORIZED, ...headers } });

  it.each(['/files/folder/large.bin', '/report'])('gives content information for %s', async (path) => {
    const { status, headers, body } = await get(path, PEERDIST_1_1);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-encoding': 'peerdist',
      'content-length': String(body.length),
      'x-p2p-peerdist': 'Version=1.1, ContentLength=100000',
    });
    expect(readInformation(body).blockHashes).toEqual(blockHashesOf(CONTENT));
  });

  it.each(['/files/folder/large.bin', '/report'])('gives ranges, tags and heads of %s', async (path) => {
    const whole = await get(path);
    expect(whole.body.equals(CONTENT)).toBe(true);
    const { etag = '' } = whole.headers;
    const part = await get(path, { range: 'bytes=10-19', 'if-range': etag });
    expect(part.status).toBe(206);
    expect(part.body.equals(CONTENT.subarray(10, 20))).toBe(true);
    const known = await get(path, { 'if-none-match': etag });
    expect(known).toMatchObject({ status: 304, headers: { etag } });
    expect(known.body).toHaveLength(0);
    const missing = await get(path, { 'if-match': '"other"' });
    expect(missing.status).toBe(412);
    expect((await get(path, { range: 'bytes=100000-' })).status).toBe(416);
    for (const encoding of [{}, PEERDIST_1_1]) {
      const { headers, body } = await get(path, encoding, 'HEAD');
      const full = await get(path, encoding);
      expect(body).toHaveLength(0);
      expect(headers['content-length']).toBe(full.headers['content-length']);
      expect(headers.etag).toBe(full.headers.etag);
    }
  });

  it('keeps the headers of the application', async () => {
    const { headers } = await get('/report');
    expect(headers).toMatchObject({ 'content-disposition': 'attachment', 'content-type': 'application/pdf' });
  });

  it.each(['/files/folder/large.bin', '/report'])(
    'authorizes content information of %s as well',
    async (path) => {
      for (const encoding of [{}, PEERDIST_1_1]) {
        const { status, body, headers } = await get(path, { ...encoding, authorization: 'Bearer wrong' });
        expect(status).toBe(401);
        expect(headers['content-encoding']).toBeUndefined();
        expect(body.length).toBeLessThan(20);
      }
    },
  );

  it('leaves to the application what it does not serve', async () => {
    for (const path of ['/lost', '/files/nothing', '/files/../secret', '/files', '/files/']) {
      const { status, body } = await get(path);
      expect([status, body.toString()]).toEqual([404, 'from the application']);
    }
    const { status } = await get('/files/text.txt', {}, 'POST');
    expect(status).toBe(404);
  });
});

describe('with a middleware that compresses', () => {
  const path = '/compressed/text.txt';

  it('nothing is encoded twice', async () => {
    const url = `${urls['express'] ?? ''}${path}`;
    const encoded = await ask(url, { headers: PEERDIST_1_1 });
    expect(encoded.headers['content-encoding']).toBe('peerdist');
    expect(readInformation(encoded.body).blockHashes).toEqual(blockHashesOf(TEXT));
    const compressed = await ask(url, { headers: { 'accept-encoding': 'gzip' } });
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(compressed.body).equals(TEXT)).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['a part', {}],
    ['missing data', { 'x-p2p-peerdist': 'Version=1.0, MissingDataRequest=true' }],
  ])('%s is not encoded at all, as its range and entity tag speak of plain bytes', async (_name, more) => {
    const url = `${urls['express'] ?? ''}${path}`;
    const part = await ask(url, {
      headers: { 'accept-encoding': 'gzip, peerdist', range: 'bytes=0-65535', ...more },
    });
    expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 0-65535/100000' } });
    expect(part.headers['content-encoding']).toBeUndefined();
    expect(part.headers['cache-control']).toBe('no-transform');
    expect(part.body.equals(TEXT.subarray(0, 65_536))).toBe(true);
  });
});

describe('what an application with Fastify has answered itself meanwhile', () => {
  const EARLY = 'too late';

  it.each<[string, () => string | Readable]>([
    ['at once', () => EARLY],
    ['with a body that takes its time', () => new PassThrough().end(EARLY)],
  ])('stays as it is, and the file is closed: %s', async (_name, early) => {
    const content = createContentServer({ session: machine.session });
    const answers = vi.spyOn(content, 'answer');
    const instance = fastify();
    const handled: Promise<unknown>[] = [];
    const lost = join(root, 'lost');
    for (const [url, path] of [
      ['/there', join(root, 'text.txt')],
      ['/lost', lost],
    ] as const) {
      instance.get(url, (request, reply) => {
        const handling = replyWithContent(content, request, reply, { path });
        handled.push(handling);
        reply.code(503).send(early());
        return handling;
      });
    }
    const notFound = vi.fn();
    instance.setNotFoundHandler(() => notFound());
    const url = await instance.listen({ host: '127.0.0.1', port: 0 });
    try {
      for (const path of ['/there', '/lost']) {
        const { status, body } = await ask(url + path);
        expect([status, body.toString()]).toEqual([503, EARLY]);
      }
      await Promise.all(handled);
      const [there] = answers.mock.results;
      const { body } = (await there?.value) as Awaited<ReturnType<typeof content.answer>>;
      expect(body).toBeInstanceOf(Readable);
      expect(body).toMatchObject({ destroyed: true });
      expect(notFound).not.toHaveBeenCalled();
    } finally {
      await instance.close();
      await content.close();
    }
  });
});
