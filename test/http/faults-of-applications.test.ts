import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import express from 'express';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type ContentServer,
  createContentDirectory,
  createContentServer,
  replyWithContent,
  type Resource,
  sendContent,
  serveDirectory,
} from '../../src/http/index.js';
import { ask, listen, type Machine, startMachine } from './support.js';

let machine: Machine;
let root: string;
let file: string;
let content: ContentServer;

beforeAll(async () => {
  // Express tells there what went to its last handler.
  vi.spyOn(console, 'error').mockReturnValue();
  machine = await startMachine();
  root = join(machine.directory, 'root');
  file = join(root, 'file');
  await mkdir(root);
  await writeFile(file, 'the content');
  content = createContentServer({ session: machine.session });
});

afterAll(async () => {
  vi.restoreAllMocks();
  await content.close();
  await machine[Symbol.asyncDispose]();
});

const BAD: readonly [string, unknown, string, string][] = [
  ['nothing', undefined, '', 'required'],
  ['neither path nor bytes', {}, 'path', 'required'],
  ['a path that is a number', { path: 7 }, 'path', 'type'],
  ['bytes that are text', { bytes: 'text' }, 'bytes', 'type'],
  ['a type that breaks the line', { bytes: Buffer.alloc(1), type: 'a\r\nb: c' }, 'type', 'character'],
  ['a date that is none', { bytes: Buffer.alloc(1), modified: new Date(Number.NaN) }, 'modified', 'range'],
];

describe('a resource that is none', () => {
  it.each(BAD)('%s', async (_name, resource, path, code) => {
    const fault = { _tag: 'BadArgument', problems: [{ path, code }] };
    await expect(content.answer({ method: 'GET', headers: {} }, resource as Resource)).rejects.toMatchObject({
      operation: 'answer',
      ...fault,
    });
    await expect(content.prepare(resource as Resource)).rejects.toMatchObject(fault);
  });
});

it.each<[string, () => unknown, string, string]>([
  ['no options', () => createContentServer(undefined as never), 'createContentServer', ''],
  [
    'a session that is none',
    () => createContentServer({ session: {} } as never),
    'createContentServer',
    'session',
  ],
  [
    'what is no function',
    () => createContentServer({ session: machine.session, onFault: 5 } as never),
    'createContentServer',
    'onFault',
  ],
  [
    'no directory',
    () => createContentDirectory(content, undefined as never),
    'createContentDirectory',
    'root',
  ],
  ['an empty path', () => createContentDirectory(content, ''), 'createContentDirectory', 'root'],
  [
    'an option that is none',
    () => createContentDirectory(content, root, { index: 'yes' } as never),
    'createContentDirectory',
    'index',
  ],
])('%s is a bad argument at once', (_name, make, operation, path) => {
  const fault = { _tag: 'BadArgument', operation, problems: [expect.objectContaining({ path })] };
  expect(make).toThrow(expect.objectContaining(fault));
});

const ofExpress = (resource: () => unknown): RequestListener =>
  express()
    .set('env', 'production')
    .use((request, response, next) => {
      sendContent(content, request, response, resource() as Resource).catch(next);
    });

const ofFastify = async (resource: () => unknown): Promise<RequestListener> => {
  const instance = fastify();
  instance.get('/', (request, reply) => replyWithContent(content, request, reply, resource() as Resource));
  await instance.ready();
  return (request, response) => instance.routing(request, response);
};

describe.each([
  ['express', ofExpress],
  ['fastify', ofFastify],
])('%s answers for a resource that is', (_name, application) => {
  it.each<[string, () => unknown, number]>([
    ['not there', () => ({ path: join(root, 'lost') }), 404],
    ['a directory', () => ({ path: root }), 404],
    ['below a file', () => ({ path: join(file, 'below') }), 404],
    ['a name that no file can have', () => ({ path: `${file}\0` }), 404],
    ['a mistake of the program', () => ({ path: undefined }), 500],
  ])('%s', async (_what, resource, expected) => {
    await using server = await listen(await application(resource));
    const { status, body } = await ask(server.url);
    expect(status).toBe(expected);
    expect(body.toString()).not.toContain(machine.directory);
  });
});

describe('a body that the application keeps from being sent is closed', () => {
  /** Runs a request, and gives the body that was made for it and how the request ended. */
  const bodyOf = async (
    listener: RequestListener,
    made: () => Promise<{ readonly body: unknown }>,
  ): Promise<readonly [body: unknown, status: number]> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    try {
      const { status } = await ask(
        `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/file`,
      );
      return [(await made()).body, status];
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  it('where the reason in the status line breaks it', async () => {
    const answers = vi.spyOn(content, 'answer');
    const listener = express()
      .set('env', 'production')
      .use((request, response, next) => {
        response.statusMessage = 'a\r\nb';
        sendContent(content, request, response, { path: file }).catch((error: unknown) => {
          response.statusMessage = '';
          next(error);
        });
      });
    const [body, status] = await bodyOf(
      listener,
      () => answers.mock.results[0]?.value as Promise<{ body: unknown }>,
    );
    answers.mockRestore();
    expect(status).toBe(500);
    expect(body).toBeInstanceOf(Readable);
    expect(body).toMatchObject({ destroyed: true });
  });

  it.each([false, true])('in a directory that is served; with a next: %s', async (hasNext) => {
    const files = createContentDirectory(content, root);
    const answers = vi.spyOn(files, 'answer');
    const serve = serveDirectory(files);
    const [body, status] = await bodyOf(
      (request, response) => {
        response.statusMessage = 'a\r\nb';
        const next = (): void => void response.writeHead(500, 'from next').end();
        serve(request, response, hasNext ? next : undefined);
      },
      () => answers.mock.results[0]?.value as Promise<{ body: unknown }>,
    );
    expect(status).toBe(500);
    expect(body).toBeInstanceOf(Readable);
    expect(body).toMatchObject({ destroyed: true });
  });

  it('where a hook of Fastify refuses the reply', async () => {
    const answers = vi.spyOn(content, 'answer');
    const instance = fastify();
    instance.addHook('onSend', (_request, _reply, payload) =>
      payload instanceof Readable ? Promise.reject(new Error('not this one')) : Promise.resolve(payload),
    );
    instance.get('/file', (request, reply) => replyWithContent(content, request, reply, { path: file }));
    await instance.ready();
    const [body, status] = await bodyOf(
      (request, response) => instance.routing(request, response),
      () => answers.mock.results[0]?.value as Promise<{ body: unknown }>,
    );
    answers.mockRestore();
    await instance.close();
    expect(status).toBe(500);
    expect(body).toBeInstanceOf(Readable);
    await expect.poll(() => body).toMatchObject({ destroyed: true });
  });
});
