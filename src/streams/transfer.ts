import type { Observable } from 'rxjs';
import type { ContentSource } from '../effects/content-source.js';
import { publishContent, type PublishOptions, type PublishProgress } from '../effects/publish-content.js';
import { type ContentPiece, type ReadContentOptions, readPieces } from '../effects/read-content.js';
import { retrieveContent, type RetrieveOptions, type RetrieveProgress } from '../effects/retrieve-content.js';
import { untilSignal } from '../effects/until-signal.js';
import { fromGenerator } from './from-generator.js';
import { readableFrom } from './readable-from.js';

/**
 * Publishes a file, bytes or an iterable of bytes, with progress, and completes with its content information.
 *
 * Use it for a whole source; `openPublication` takes bytes as they come. Cold: each subscription publishes once, emits
 * `Publishing` after every piece with the bytes so far, then one `Published`. The publication lasts until `unpublish`
 * or the end of its session. Unsubscribing before `Published` stops reading and leaves nothing of it.
 *
 * Errors: `BadArgument` for an empty source, `NotFound`, `AccessDenied` for the file, `AlreadyExists` for an id in use,
 * `System` for a file that changes meanwhile, `Disabled`, `Unavailable`, `Invalidated` by the service's status.
 * Source: PeerDistServerPublishStream, PeerDistServerPublishAddToStream, PeerDistServerPublishCompleteStream,
 * PeerDistServerRetrieveContentInformation.
 *
 * @example
 * ```ts
 * import { createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * const session = await peers.promise(peers.effects.openSession());
 * publish(Buffer.from('hello'), { session, contentId: 'greeting' }).subscribe({
 *   next: (progress) => console.log(progress._tag, progress.bytes), // Publishing 0, Publishing 5, Published 5
 *   complete: () => void session.close(),
 * });
 * ```
 */
export function publish(source: ContentSource, options: PublishOptions): Observable<PublishProgress> {
  return fromGenerator('publish', (signal) => publishContent(source, options, signal));
}

/**
 * Retrieves content by its content information from the cache, from peers, from an origin; checks every byte; writes it
 * to a file if told to; emits progress and completes.
 *
 * Cold: each subscription retrieves once, emits `Retrieving` after every piece with the counts so far, then one
 * `Retrieved`. Unsubscribing stops all network and disk work at once; what was verified stays in the cache, so that the
 * next time goes on from there, and no partial file appears. Counts are bytes and blocks of 64 KiB, those by peer of
 * the whole session. Content information is a path, bytes, which must not change meanwhile, as they are read as they are
 * needed, or an iterable of pieces. For large contents give a path or pieces: the engine does not hold much of them in
 * memory.
 *
 * Errors: `Protocol` for broken content information and `Unsupported` for another version of it, `NotFound` or
 * `Timeout` for bytes that nobody delivered, `BadArgument` for a directory as target, `AccessDenied`, `System` for the
 * file, `Disabled`, `Unavailable`, `Invalidated` by the service's status. Source: PeerDistClientOpenContent,
 * PeerDistClientStreamRead, PeerDistClientAddData.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish, retrieve } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag !== 'Published') throw new Error('interrupted');
 * const done = await lastValueFrom(retrieve(published.contentInformation, { session }));
 * console.log(done._tag, done.bytes, done.fromPeers); // Retrieved 5 { 'fake-1': 5 }
 * ```
 */
export function retrieve(
  contentInformation: ContentSource,
  options: RetrieveOptions,
): Observable<RetrieveProgress> {
  return fromGenerator('retrieve', (signal) => retrieveContent(contentInformation, options, signal));
}

/**
 * The content itself as a cold stream of pieces in order, checked, 1 MiB each at most unless told. It cannot be slowed
 * down; for back-pressure use {@link contentIterable}. Otherwise, and in its errors, like {@link retrieve}.
 *
 * Source: PeerDistClientStreamRead.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { contentBytes, createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag !== 'Published') throw new Error('interrupted');
 * const bytes = await lastValueFrom(contentBytes(published.contentInformation, { session }));
 * console.log(Buffer.from(bytes).toString()); // hello
 * ```
 */
export function contentBytes(
  contentInformation: ContentSource,
  options: ReadContentOptions,
): Observable<Uint8Array> {
  return fromGenerator('contentBytes', (signal) => bytesOf(readPieces(contentInformation, options, signal)));
}

/**
 * The content as an AsyncIterable of pieces in order, checked: nothing is fetched far beyond what is taken.
 *
 * Use it to pipe content somewhere slower. Leaving the loop, or the signal, stops it. Errors are thrown from the loop,
 * the same as of {@link retrieve}. Source: PeerDistClientStreamRead.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { contentIterable, createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag !== 'Published') throw new Error('interrupted');
 * for await (const bytes of contentIterable(published.contentInformation, { session })) {
 *   console.log(Buffer.from(bytes).toString()); // hello
 * }
 * ```
 */
export function contentIterable(
  contentInformation: ContentSource,
  options: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void> {
  return bytesUntil('contentIterable', contentInformation, options, new AbortController().signal);
}

/** The bytes of the content, until one of two signals. */
const bytesUntil = (
  operation: string,
  contentInformation: ContentSource,
  options: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
  own: AbortSignal,
): AsyncGenerator<Uint8Array, void> =>
  untilSignal(operation, options, own, (signal) => bytesOf(readPieces(contentInformation, options, signal)));

async function* bytesOf(pieces: AsyncIterable<ContentPiece>): AsyncGenerator<Uint8Array, void> {
  for await (const { bytes } of pieces) yield bytes;
}

/**
 * The content as a web ReadableStream, with the back-pressure of its reader: for `Response`, `fetch` and their kind.
 *
 * Cancelling it, or the signal, stops a pending read. Errors are those of {@link retrieve}.
 * Source: PeerDistClientStreamRead.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { contentStream, createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag !== 'Published') throw new Error('interrupted');
 * console.log(await new Response(contentStream(published.contentInformation, { session })).text()); // hello
 * ```
 */
export function contentStream(
  contentInformation: ContentSource,
  options: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
): ReadableStream<Uint8Array> {
  return readableFrom((signal) => bytesUntil('contentStream', contentInformation, options, signal));
}
