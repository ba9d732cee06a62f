import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './answer.js';
import type { ContentServer } from './content-server.js';
import type { ContentDirectory } from './directory/content-directory.js';
import { OF_A_BODY, statusOf, withStatus } from './failure.js';
import type { Resource } from './resource-rule.js';

/**
 * Answers a request of node:http or Express with a file or bytes.
 *
 * Call it where the request is authorized; headers set before (`Cache-Control`, `Content-Type`, `Content-Disposition` …)
 * are kept, but those that tell one state of the content from another: `ETag`, `Last-Modified`, `Accept-Ranges`. Resolves
 * when the response has been handed to the network or the client has gone away.
 *
 * Rejects, before anything is sent, with `NotFound`, `AccessDenied`, `System` for the file, `BadArgument` for what is no
 * resource; with Express pass that to `next`: it has the `status` to answer with, 404, 403 or 500.
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createPeerweave } from 'peerweave';
 * import { createContentServer, sendContent } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * const server = createServer((request, response) => {
 *   if (request.headers.authorization !== 'Bearer let-me-in') response.writeHead(401).end();
 *   else void sendContent(content, request, response, { bytes: Buffer.from('the report') });
 * }).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const { port } = server.address() as AddressInfo;
 * const headers = { authorization: 'Bearer let-me-in' };
 * console.log(await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()); // the report
 * server.closeAllConnections();
 * server.close();
 * ```
 */
export const sendContent = async (
  server: ContentServer,
  request: IncomingMessage,
  response: ServerResponse,
  resource: Resource,
): Promise<void> => {
  const answer = await server.answer(request, resource, response.getHeaders()).catch((failure: unknown) => {
    throw withStatus(failure);
  });
  await sendAnswer(response, answer);
};

/** What {@link serveDirectory} makes: a listener of node:http, and a middleware of Express and its kind. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Serves a directory as a listener of node:http, or as middleware of Express and its kind.
 *
 * What the directory does not serve goes to `next`; without that it is a 404, or a 405 for methods other than GET and
 * HEAD. What has to be authorized is authorized by a middleware before this one.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createPeerweave } from 'peerweave';
 * import { createContentDirectory, createContentServer, serveDirectory } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * const files = createContentDirectory(content, './files');
 * const server = createServer(serveDirectory(files)); // with Express: app.use('/files', serveDirectory(files))
 * console.log(server.listening); // false
 * ```
 */
export const serveDirectory =
  (directory: ContentDirectory): RequestHandler =>
  (request, response, next) => {
    const fail = (failure: unknown): void => {
      const status = statusOf(failure);
      if (next !== undefined) next(status === 404 ? undefined : withStatus(failure));
      else if (!response.headersSent) {
        response.writeHead(status, STATUS_CODES[status], { 'Content-Length': 0 }).end();
      }
    };
    directory.answer(request, response.getHeaders()).then((answer) => {
      if (answer.status === 405 && next !== undefined) next();
      else sendAnswer(response, answer).catch(fail);
    }, fail);
  };

/** Writes an answer. A client that goes away ends it; that is no failure. */
const sendAnswer = async (response: ServerResponse, { status, headers, body }: Answer): Promise<void> => {
  // The application gave up on it meanwhile, as for a timeout of its own.
  if (response.headersSent) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  try {
    if (status >= 300) for (const name of OF_A_BODY) response.removeHeader(name);
    response.writeHead(status, headers);
  } catch (thrown) {
    // The application has set what no header may have.
    if (body instanceof Readable) body.destroy();
    throw thrown;
  }
  if (!(body instanceof Readable)) response.end(body);
  // What broke off is told to the client by the connection's end, and there is nobody else to tell.
  else await pipeline(body, response).catch(() => undefined);
};
