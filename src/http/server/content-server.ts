import { setTimeout } from 'node:timers/promises';
import { orThrow } from '../../effects/effect.js';
import { PeerError } from '../../effects/error/index.js';
import { type DistributionSession, sessionCore } from '../../effects/session.js';
import { count } from '../../effects/validate/count.js';
import { object } from '../../effects/validate/object.js';
import { optional, withDefault } from '../../effects/validate/rule.js';
import { callable, integer } from '../../effects/validate/scalars.js';
import { validate } from '../../effects/validate/validate.js';
import type { PresetHeaders } from '../protocol/header-list.js';
import { type Answer, answerWith, type ContentRequest } from './answer.js';
import { reportExchange } from './http-events.js';
import { Preparations } from './preparations.js';
import { type OpenResource, openResource } from './resource.js';
import type { Resource } from './resource-rule.js';
import { asyncDispose } from '../../driver/dispose-symbols.js';

/** How a {@link ContentServer} works; only the session has no default. */
export interface ContentServerOptions {
  /** What is served is published in it, and no longer than it lasts. */
  readonly session: DistributionSession;
  /**
   * Bytes from which on content, or the range of it that is asked for, is worth the detour over peers: 1 or more, 64 KiB
   * by default, the size of a block.
   */
  readonly minimumSize?: number | undefined;
  /**
   * States of resources kept published, each in every version that is asked for; 10 000 by default. The least recently
   * asked for is withdrawn first.
   */
  readonly maxPublications?: number | undefined;
  /** Called when something that a request has asked for could not be prepared. Its answers stay plain. */
  readonly onFault?: ((error: PeerError) => void) | undefined;
}

const CREATE = 'createContentServer';

const OPTIONS = object({
  minimumSize: withDefault(integer(1, Number.MAX_SAFE_INTEGER, 'bytes'), 64 * 1024),
  maxPublications: withDefault(count, 10_000),
  onFault: optional(callable),
});

/** What is prepared at a time, what may wait for it, and when it is tried again. */
const PREPARATION = { atOnce: 2, waiting: 1_000, retryMs: 10_000 };

/** How long `prepare` waits for a file that has only just changed: longer than the clock of any file system stands. */
const SETTLING = { tries: 30, everyMs: 100 };

const nothing = (): void => undefined;

/**
 * Answers HTTP requests for files and bytes. Clients that take part in content distribution get content information in
 * the place of content (MS-PCCRTP); everything else about an answer is as of any server of static files. Each request and
 * response is an event of the session.
 */
export class ContentServer implements AsyncDisposable {
  readonly #session: DistributionSession;
  readonly #minimumSize: number;
  readonly #preparations: Preparations;

  /** @internal */
  constructor(options: ContentServerOptions) {
    const { minimumSize, maxPublications } = orThrow(validate(OPTIONS, options, CREATE));
    const { session, onFault = nothing } = options;
    sessionCore(session, CREATE).assertOpen(CREATE);
    this.#session = session;
    this.#minimumSize = minimumSize;
    this.#preparations = new Preparations(
      session,
      { publications: maxPublications, ...PREPARATION },
      onFault,
    );
  }

  /**
   * Hashes and publishes a resource in every version that the driver makes, so that already the first request for it is
   * answered with content information. Content below the minimum size needs none. Resolves when it is done.
   *
   * Rejects with `NotFound`, `AccessDenied` for the file, `System` for one that goes on changing, `Disabled` or
   * `Unavailable` by the service's status, `Cancelled` when the server is closed.
   */
  prepare(resource: Resource): Promise<void> {
    return this.prepareFrom((now) => openResource(resource, now));
  }

  /**
   * The answer to a request that has passed the application's own authorization. For GET and HEAD; others get 405.
   * `preset` are headers that the application has set: with a Content-Encoding among them, or `no-transform`, the
   * content goes out as it is.
   *
   * Never waits for hashes. Rejects with `NotFound`, `AccessDenied`, `System` for the file.
   */
  async answer(request: ContentRequest, resource: Resource, preset: PresetHeaders = {}): Promise<Answer> {
    return refusalOf(request) ?? this.answerOpen(request, await openResource(resource, this.now()), preset);
  }

  /** Stops what is being prepared and withdraws what was published. Never rejects; the session stays open. */
  close(): Promise<void> {
    return this.#preparations.close();
  }

  /** For `await using`: the same as {@link close}. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Takes over a resource that is open, for a method that is allowed. @internal */
  async answerOpen(request: ContentRequest, resource: OpenResource, preset: PresetHeaders): Promise<Answer> {
    const answer = await answerWith(request, resource, preset, {
      preparations: this.#preparations,
      minimumSize: this.#minimumSize,
    });
    reportExchange(this.#session, request, answer);
    return answer;
  }

  /** @internal */
  async prepareFrom(open: Opener): Promise<void> {
    for (let tries = SETTLING.tries; tries > 0; tries -= 1) {
      const resource = await open(this.now());
      await resource.close();
      const { fingerprint, length } = resource;
      if (length < this.#minimumSize) return;
      if (fingerprint !== undefined) return this.#preparations.prepare(resource, fingerprint);
      await setTimeout(SETTLING.everyMs);
    }
    throw unsettled();
  }

  /** @internal */
  now(): number {
    return sessionCore(this.#session, 'answer').env.clock.now();
  }
}

/** Opens one state of something; `now` tells whether that state is sure to be told from the next. */
export type Opener = (now: number) => Promise<OpenResource>;

/** The answer to a method that no content has. */
export const refusalOf = ({ method }: ContentRequest): Answer | undefined =>
  method === 'GET' || method === 'HEAD'
    ? undefined
    : {
        status: 405,
        headers: { Allow: 'GET, HEAD', 'Content-Length': '0' },
        body: undefined,
        kind: 'plain',
        contentBytes: 0,
      };

const unsettled = (): PeerError =>
  new PeerError({
    tag: 'System',
    code: 'PEERWEAVE_SOURCE_CHANGED',
    operation: 'prepare',
    what: 'the file goes on changing',
    advice: 'Prepare it again once nobody writes to it.',
  });

/**
 * Makes a {@link ContentServer} over a distribution session.
 *
 * Use it with `createContentDirectory` for the files of a directory, with `sendContent` for node:http and Express, with
 * `replyWithContent` for Fastify, or by its `answer` for anything else. Close it to stop what it prepares; its
 * publications end with it or with the session. While the service is disabled or unavailable all answers are plain.
 *
 * Whoever gets content information can fetch and decrypt the content from peers: authorize the request first, as for
 * the content itself. Errors: `BadArgument` for bad options, `HandleClosed` for a closed session.
 * Source: MS-PCCRTP 3.2, MS-PCCRC.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createContentServer } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using server = createContentServer({ session });
 * const page = { bytes: Buffer.alloc(100_000, 'x'), type: 'text/plain' };
 * await server.prepare(page);
 * const headers = { 'accept-encoding': 'peerdist', 'x-p2p-peerdist': 'Version=1.0' };
 * const answer = await server.answer({ method: 'GET', headers }, page);
 * console.log(answer.headers['X-P2P-PeerDist']); // Version=1.0, ContentLength=100000
 * ```
 */
export const createContentServer = (options: ContentServerOptions): ContentServer =>
  new ContentServer(options);
