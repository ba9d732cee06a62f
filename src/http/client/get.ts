import { untilSignal } from '../../effects/until-signal.js';
import { fromGenerator } from '../../streams/from-generator.js';
import { readableFrom } from '../../streams/readable-from.js';
import { contentChanged } from './content-changed.js';
import { getContent } from './get-content.js';
import type { GetProgress } from './get-progress.js';
import type { GetOptions } from './options.js';
import { OPERATION } from './origin-failure.js';

/**
 * Fetches what a URL of http or https names: each block from the local cache, from peers, from the hosted cache or from
 * the origin, in the order of `places`.
 *
 * The origin is asked for content information (MS-PCCRTP); where it gives none, all comes from it. Cold: each
 * subscription fetches once and emits `Started`, a `Received` with each piece in order and the counts so far, and
 * `Completed`. Where the content changes meanwhile, or turns out not to be what its content information says, it emits
 * `Restarted`, and what follows begins again. Unsubscribing stops all network and disk work; with `to`, what is there is
 * kept as `….part`, also when the process is killed, and the next time goes on from it. It cannot be slowed down; for
 * back-pressure use {@link getIterable}.
 *
 * Bytes from peers are checked before they are emitted. An origin that breaks off or falls silent is asked again, after
 * those behind it in the order of `places`, if there are any; peers that fail cost `patienceMs` at most for a block, and
 * less each time.
 *
 * Errors: `NotFound`, `AccessDenied`, `Unavailable`, `Timeout` by what the origin answers (`code` is `HTTP_` and the
 * status), `Protocol` for an answer that makes no sense, `Unavailable` for a content that changes too often, `NotFound`
 * for bytes that no allowed place has, `BadArgument` for bad options, `System` for the file.
 * Source: MS-PCCRTP 3.1, PeerDistClientBlockRead, PeerDistClientAddData.
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { lastValueFrom, tap } from 'rxjs';
 * import { createPeerweave } from 'peerweave';
 * import { createContentServer, get, sendContent } from 'peerweave/http';
 * import { createEngineDriver } from 'peerweave/engine';
 *
 * const { effects, promise } = createPeerweave({ driver: createEngineDriver({ dataDir: './peerweave-data' }) });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * const page = { bytes: Buffer.alloc(300_000, 'x') };
 * await content.prepare(page);
 * const server = createServer((request, response) => void sendContent(content, request, response, page));
 * await once(server.listen(0, '127.0.0.1'), 'listening');
 * const { port } = server.address() as AddressInfo;
 *
 * const last = await lastValueFrom(
 *   get(`http://127.0.0.1:${port}/`, { session, to: './copy.bin' }).pipe(
 *     tap((progress) => progress._tag === 'Received' && console.log(progress.offset, progress.bytes.length)),
 *   ),
 * );
 * console.log(last._tag, last.counts.bytes, last.counts.fromOrigin); // Completed 300000 0: it was published here
 * server.closeAllConnections();
 * server.close();
 * ```
 */
export const get = (url: string | URL, options: GetOptions) =>
  fromGenerator(OPERATION, (signal) => getContent(url, options, signal));

/** What {@link get} takes, without a file, and a signal that ends it. */
export type GetBytesOptions = Omit<GetOptions, 'to'> & { readonly signal?: AbortSignal | undefined };

/**
 * The same as an AsyncIterable of pieces in order: nothing is fetched far beyond what is taken.
 *
 * Leaving the loop, or the signal, stops it: after that it is `Cancelled`, with the signal's reason as its cause. Errors
 * are those of {@link get}, thrown from the loop; a content that changes
 * after its first piece is `Unavailable` with the code `PEERWEAVE_CONTENT_CHANGED`, since a piece cannot be taken back; so
 * is, with the code of its failure, an origin that breaks off there and does not say what it would go on with.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { getIterable } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const fetch = () => Promise.resolve(new Response('hello')); // the global one by default
 * for await (const bytes of getIterable('http://example.com/', { session, fetch })) {
 *   console.log(Buffer.from(bytes).toString()); // hello
 * }
 * ```
 */
export const getIterable = (url: string | URL, options: GetBytesOptions): AsyncGenerator<Uint8Array, void> =>
  bytesUntil(url, options, new AbortController().signal);

/**
 * The same as a web ReadableStream of chunks, with the back-pressure of its reader: for `Response` and its kind. Cancelling it, or
 * the signal, stops it. Errors are those of {@link getIterable}.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { getStream } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const fetch = () => Promise.resolve(new Response('hello'));
 * console.log(await new Response(getStream('http://example.com/', { session, fetch })).text()); // hello
 * ```
 */
export const getStream = (url: string | URL, options: GetBytesOptions): ReadableStream<Uint8Array> =>
  readableFrom((signal) => bytesUntil(url, options, signal));

/** The bytes alone, until one of two signals. */
const bytesUntil = (
  url: string | URL,
  options: GetBytesOptions,
  own: AbortSignal,
): AsyncGenerator<Uint8Array, void> =>
  untilSignal(OPERATION, options, own, (signal) => bytesOf(getContent(url, options, signal)));

async function* bytesOf(progress: AsyncIterable<GetProgress>): AsyncGenerator<Uint8Array, void> {
  let isBegun = false;
  for await (const step of progress) {
    if (step._tag === 'Restarted' && isBegun) throw contentChanged(step.reason, step.failure);
    if (step._tag !== 'Received') continue;
    isBegun = true;
    yield step.bytes;
  }
}
