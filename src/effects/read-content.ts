import { win32Fault, type ContentSupplier, type PeerAttempt } from '../driver/index.js';
import {
  addContentData,
  completeContentInformation,
  type Content,
  giveContentInformation,
  openContent,
  readContent,
} from './content.js';
import { type ContentSource, openSource, type SourceUse } from './content-source.js';
import { orThrow, type PeerEffect, promiseOf } from './effect.js';
import type { PeerEnv } from './env.js';
import { fromFault } from './error/index.js';
import { fetchFrom, type Origin } from './fetch-from.js';
import { type DistributionSession, sessionCore } from './session.js';
import { UntilClosed } from './until-closed.js';
import type { ContentInput, ContentTagInput } from './validate/content.js';
import { count } from './validate/count.js';
import { object } from './validate/object.js';
import { optional, withDefault } from './validate/rule.js';
import { callable } from './validate/scalars.js';
import { validate } from './validate/validate.js';

/** Whom to ask for content, how long, and what to do about what nobody has. */
export interface ReadContentOptions {
  /** The session in which it is read; it has to stay open until the end. */
  readonly session: DistributionSession;
  /** Peers to ask besides those the service discovers, as `host:port`. */
  readonly peers?: readonly string[] | undefined;
  /** Who is asked, one after the other; who is not named is not asked. By default whoever the service knows, in its order. */
  readonly suppliers?: readonly ContentSupplier[] | undefined;
  /** Names the application's class of content in the cache: 16 bytes or up to 16 ASCII characters. */
  readonly tag?: ContentTagInput | undefined;
  /** Milliseconds to wait for each piece before it counts as missing; 5 000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Where to get what no peer has. Without it a gap is an error. */
  readonly origin?: Origin | undefined;
  /** Most bytes in a piece; 1 MiB by default. */
  readonly pieceBytes?: number | undefined;
  /** What to call it when a person asks where it came from: a URL or a path. */
  readonly name?: string | undefined;
}

/** A piece of content, in order. */
export interface ContentPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly from: 'service' | 'origin';
}

const PIECE_BYTES = 1024 * 1024;

/**
 * The bytes that content information describes, in order and checked: from the local cache, from peers, from the
 * origin. Nothing is fetched beyond a small window ahead of what is taken.
 */
export async function* readPieces(
  contentInformation: ContentSource,
  options: ReadContentOptions,
  signal: AbortSignal,
): AsyncGenerator<ContentPiece, void> {
  await using content = await openDescribed(contentInformation, options, signal);
  yield* piecesOf(content, options, signal);
}

/** A gigabyte of content has half a megabyte of it, or twice that. */
const CONTENT_INFORMATION: Omit<SourceUse, 'operation'> = {
  argument: 'contentInformation',
  pieceBytes: 64 * 1024,
};

/** What content is opened with, beyond what it is read with. */
export type OpenDescribedOptions = ReadContentOptions & Pick<ContentInput, 'file' | 'isCounted'>;

/** Opens content and tells it what it consists of. */
export const openDescribed = async (
  contentInformation: ContentSource,
  options: OpenDescribedOptions,
  signal: AbortSignal,
  operation = 'retrieve',
): Promise<Content> => {
  orThrow(validate(READING, options, operation));
  const { session, peers, suppliers, tag, name, file, isCounted } = options;
  const { env } = sessionCore(session, operation);
  const run = <A>(effect: PeerEffect<A>): Promise<A> => promiseOf(effect(env));
  const input = {
    ...(tag === undefined ? {} : { tag }),
    ...(peers === undefined ? {} : { peers }),
    ...(suppliers === undefined ? {} : { suppliers }),
    ...(name === undefined ? {} : { name }),
    ...(file === undefined ? {} : { file }),
    ...(isCounted === undefined ? {} : { isCounted }),
  };
  const content = await run(openContent(session, input, { signal }));
  try {
    await describe(content, contentInformation, operation, env, signal);
    await run(completeContentInformation(content, { signal }));
    return content;
  } catch (error) {
    await content.close();
    throw error;
  }
};

/**
 * Gives content its content information, as it comes: until the signal fires, or the content is closed by others. Rejects
 * with what a source rejects with.
 */
const describe = async (
  content: Content,
  contentInformation: ContentSource,
  operation: string,
  env: PeerEnv,
  signal: AbortSignal,
): Promise<void> => {
  using ended = new UntilClosed(signal);
  ended.watch(content);
  const give = (piece: Uint8Array): Promise<void> =>
    promiseOf(
      giveContentInformation(content, piece, { signal }, contentInformation instanceof Uint8Array)(env),
    );
  try {
    await using source = await openSource(
      contentInformation,
      { operation, ...CONTENT_INFORMATION },
      ended.signal,
    );
    for await (const piece of source.pieces) await give(piece);
  } catch (error) {
    // Says why it is closed.
    if (ended.isHandleClosed) await give(new Uint8Array(0));
    throw error;
  }
};

/** Reads a described content from its start to its end. A piece that is `lent` is good until the next one is asked for. */
export async function* piecesOf(
  content: Content,
  { session, timeoutMs, origin, pieceBytes = PIECE_BYTES }: ReadContentOptions,
  signal: AbortSignal,
  lent = false,
): AsyncGenerator<ContentPiece, void> {
  const { env } = sessionCore(session, 'retrieve');
  const run = <A>(effect: PeerEffect<A>): Promise<A> => promiseOf(effect(env));
  // One is read into while the consumer works on the other.
  let [into, other] = lent ? [pieceMemory(pieceBytes), pieceMemory(pieceBytes)] : [];
  const read = () => {
    [into, other] = [other, into];
    return run(readContent(content, { maxBytes: pieceBytes, timeoutMs, into }, { signal }));
  };
  /** The next read waits in the service while the consumer works on this piece. */
  let next = read();
  for (;;) {
    const result = await next;
    if (result._tag === 'End') return;
    next = read();
    next.catch(() => undefined);
    if (result._tag === 'Data') {
      yield { offset: result.offset, bytes: result.bytes, from: 'service' };
    } else if (result._tag === 'Missing') {
      const { offset, length } = result;
      if (origin === undefined) throw missing(result);
      const end = offset + length;
      for (let at = offset; at < end;) {
        const wanted = end - at;
        const bytes = await fetchFrom(origin, { offset: at, length: wanted }, signal);
        await run(addContentData(content, at, bytes, { signal }));
        yield { offset: at, bytes, from: 'origin' };
        at += bytes.length;
      }
    }
  }
}

/** No more than is usual, as nobody knows how much will come at a time. */
const pieceMemory = (pieceBytes: number): Uint8Array => Buffer.allocUnsafe(Math.min(pieceBytes, PIECE_BYTES));

// A read of no bytes asks what the cache holds and gets nowhere.
const READING = object({ pieceBytes: withDefault(count, PIECE_BYTES), origin: optional(callable) });

interface Missing {
  readonly offset: number;
  readonly length: number;
  readonly cause: 'missing' | 'timeout';
  readonly attempts?: readonly PeerAttempt[] | undefined;
}

const missing = ({ offset, length, cause, attempts = [] }: Missing): Error =>
  fromFault(
    win32Fault('retrieve', cause === 'timeout' ? 'ERROR_TIMEOUT' : 'PEERDIST_ERROR_MISSING_DATA', {
      reason: [
        `no peer delivered the ${length} bytes from ${offset} on, and there is no origin to ask`,
        ...new Set(attempts.map(({ peer, detail }) => `${peer} ${detail}`)),
      ].join('; '),
    }),
    'retrieve',
  );
