import type { Observable } from 'rxjs';
import type { ContentSource } from '../effects/content-source.js';
import { eitherSignal } from '../effects/either-signal.js';
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

/** The content as a web ReadableStream, with the back-pressure of its reader; cancelling it stops a pending read. */
export function contentStream(
  contentInformation: Uint8Array,
  options: ReadContentOptions & { readonly signal?: AbortSignal | undefined },
): ReadableStream<Uint8Array> {
  const cancel = new AbortController();
  const pieces = (async function* () {
    const ended = eitherSignal(cancel.signal, options.signal);
    try {
      yield* contentIterable(contentInformation, { ...options, signal: ended.signal });
    } finally {
      ended.unlink();
    }
  })();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        cancel.abort();
        // The read that this ends may be told so; nobody is left to hear it.
        await pieces.return().catch(() => undefined);
      },
    },
    // Nothing beyond what the reader asks for: the reading below is one piece ahead already.
    { highWaterMark: 0 },
  );
}
