import type { Observable } from 'rxjs';
import type { ContentSource } from '../effects/content-source.js';
import { publishContent, type PublishOptions, type PublishProgress } from '../effects/publish-content.js';
import { type ReadContentOptions, readPieces } from '../effects/read-content.js';
import { retrieveContent, type RetrieveOptions, type RetrieveProgress } from '../effects/retrieve-content.js';
import { fromGenerator } from './from-generator.js';

/**
 * Publishes a file, bytes or an iterable of bytes, with progress, and completes with its content information.
 *
 * Cold: each subscription publishes once. The publication lasts until `unpublish` or the end of its session.
 * Unsubscribing before `Published` stops reading and leaves nothing of it. Errors: `NotFound`, `AccessDenied` for the
 * file, `AlreadyExists` for an id in use, `Disabled`, `Unavailable`, `Invalidated` by the service's status.
 *
 * Source: PeerDistServerPublishStream, PeerDistServerRetrieveContentInformation.
 *
 * @example
 * ```ts
 * import { lastValueFrom, switchMap, take } from 'rxjs';
 * import { createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * const last = await lastValueFrom(
 *   peers.openSession().pipe(
 *     take(1),
 *     switchMap((session) => publish(Buffer.from('hello'), { session })),
 *   ),
 * ).catch((error: unknown) => String(error));
 * console.log(last);
 * ```
 */
export function publish(source: ContentSource, options: PublishOptions): Observable<PublishProgress> {
  return fromGenerator('publish', (signal) => publishContent(source, options, signal));
}

/**
 * Retrieves content by its content information from the cache, from peers, from an origin; checks every byte; writes
 * it to a file if told to; emits progress and completes.
 *
 * Cold: each subscription retrieves once. Unsubscribing stops all network and disk work at once; what was verified
 * stays in the cache, so that the next time goes on from there, and no partial file appears. Errors: `Protocol` for
 * broken content information, `NotFound` or `Timeout` for bytes that nobody delivered.
 *
 * Source: PeerDistClientOpenContent, PeerDistClientStreamRead.
 */
export function retrieve(
  contentInformation: Uint8Array,
  options: RetrieveOptions,
): Observable<RetrieveProgress> {
  return fromGenerator('retrieve', (signal) => retrieveContent(contentInformation, options, signal));
}

/** The content itself as a cold stream of pieces in order. For back-pressure use {@link contentIterable}. */
export function contentBytes(
  contentInformation: Uint8Array,
  options: ReadContentOptions,
): Observable<Uint8Array> {
  return fromGenerator('contentBytes', async function* (signal) {
    for await (const { bytes } of readPieces(contentInformation, options, signal)) yield bytes;
  });
}

/** The content as an AsyncIterable: nothing is fetched far beyond what is taken; leaving the loop stops it. */
export async function* contentIterable(
  contentInformation: Uint8Array,
  { signal, ...options }: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void> {
  const never = new AbortController().signal;
  for await (const { bytes } of readPieces(contentInformation, options, signal ?? never)) yield bytes;
}

/** The content as a web ReadableStream, with the back-pressure of its reader. */
export const contentStream = (
  contentInformation: Uint8Array,
  options: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
): ReadableStream<Uint8Array> => ReadableStream.from(contentIterable(contentInformation, options));
