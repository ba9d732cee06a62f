import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { PresetHeaders } from '../protocol/header-list.js';
import type { Answer } from './answer.js';
import type { ContentServer } from './content-server.js';
import type { ContentDirectory } from './directory/content-directory.js';
import { OF_A_BODY, statusOf } from './failure.js';
import type { Resource } from './resource-rule.js';

/** What is used of a request of Fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What is used of a reply of Fastify. */
export interface FastifyReplyLike {
  readonly raw: Pick<ServerResponse, 'headersSent' | 'once'>;
  /** Whether it is answered, or somebody else's to answer. */
  readonly sent: boolean;
  /** Headers set so far. */
  getHeaders(): PresetHeaders;
  /** Takes a header back. */
  removeHeader(name: string): unknown;
  /** Sets the status. */
  code(status: number): unknown;
  /** Sets headers, beside those that are set. */
  headers(headers: Record<string, string>): unknown;
  /** Sends the answer with this body. */
  send(payload?: unknown): unknown;
  /** Has the instance answer that nothing was found. */
  callNotFound(): unknown;
}

/**
 * Answers a request of Fastify with a file or bytes; headers set before are kept, but `ETag`, `Last-Modified` and
 * `Accept-Ranges`. Call it where the request is authorized, and return what it returns.
 *
 * A file that is not there goes to the instance's handler for what was not found, one that may not be read is a 403.
 *
 * @example
 * ```ts
 * import { createContentServer, replyWithContent, type FastifyReplyLike, type FastifyRequestLike } from 'peerweave/http';
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * // app.get('/report', { preHandler: authorize }, handler);
 * const handler = (request: FastifyRequestLike, reply: FastifyReplyLike) =>
 *   replyWithContent(content, request, reply, { path: './report.pdf' });
 * console.log(handler.length); // 2
 * ```
 */
export const replyWithContent = async <Reply extends FastifyReplyLike>(
  server: ContentServer,
  { raw }: FastifyRequestLike,
  reply: Reply,
  resource: Resource,
): Promise<Reply> => sendReply(reply, () => server.answer(raw, resource, reply.getHeaders()));

/**
 * Serves a directory, as the handler of a wildcard route of Fastify. What the directory does not serve goes to the
 * instance's handler for what was not found. What has to be authorized is authorized by a hook before it.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createContentDirectory, createContentServer, replyWithDirectory } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * const handler = replyWithDirectory(createContentDirectory(content, './files')); // app.get('/files/*', handler)
 * console.log(handler.length); // 2
 * ```
 */
export const replyWithDirectory =
  (
    directory: ContentDirectory,
  ): (<Reply extends FastifyReplyLike>(request: FastifyRequestLike, reply: Reply) => Promise<Reply>) =>
  async ({ raw, routeOptions }, reply) => {
    const mountedAt = (routeOptions.url ?? '').replace(/\/\*$/, '');
    const url = raw.url?.startsWith(mountedAt) === true ? raw.url.slice(mountedAt.length) : '';
    const { method, headers, socket } = raw;
    return sendReply(reply, () => directory.answer({ method, headers, socket, url }, reply.getHeaders()));
  };

const sendReply = async <Reply extends FastifyReplyLike>(
  reply: Reply,
  answer: () => Promise<Answer>,
): Promise<Reply> => {
  try {
    const { status, headers, body } = await answer();
    // The application gave up on it meanwhile, as for a timeout of its own.
    if (isAnswered(reply)) {
      if (body instanceof Readable) body.destroy();
      return reply;
    }
    // A hook may refuse the reply, and nobody reads the body then.
    if (body instanceof Readable) reply.raw.once('close', () => body.destroy());
    if (status >= 300) for (const name of OF_A_BODY) reply.removeHeader(name);
    reply.code(status);
    reply.headers({ ...headers });
    // Of a reply to HEAD without a body Fastify would make one with a length of nothing.
    reply.send(body ?? (headers['Content-Length'] === undefined ? undefined : Readable.from([])));
  } catch (failure) {
    if (isAnswered(reply)) return reply;
    const status = statusOf(failure);
    // Fastify would put the message into the response, and it names a path of this machine.
    if (status === 500) throw new Error('the content cannot be read', { cause: failure });
    if (status === 404) reply.callNotFound();
    else {
      reply.code(status);
      reply.send();
    }
  }
  return reply;
};

/** A reply whose body is still on its way is not yet `sent`. */
const isAnswered = ({ sent, raw }: FastifyReplyLike): boolean => sent || raw.headersSent;
