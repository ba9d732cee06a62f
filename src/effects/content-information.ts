import type { ContentInformationHandle } from '../driver/index.js';
import { attempt, checked, type EffectOptions, type PeerEffect, promiseOf } from './effect.js';
import { Handle } from './handle.js';
import type { DistributionSession } from './session.js';
import { onSessionChild, openSessionChild, type SessionChild } from './session-child.js';
import { type ContentInformationInput, contentInformationQuery } from './validate/publication.js';
import { count } from './validate/count.js';

const KIND = 'content information';

/** Bytes asked for at a time by {@link getContentInformation}: a gigabyte of content has half a megabyte of it. */
const CHUNK_BYTES = 64 * 1024;

/** Content information being read, with a cursor. Closing it cancels a pending read. */
export class ContentInformationReader extends Handle<SessionChild<ContentInformationHandle>> {}

/**
 * Opens the content information of something published, whole or for a range of bytes.
 *
 * Use it where it is handed on in pieces; {@link getContentInformation} gives it whole. Whoever holds content
 * information can fetch and decrypt the content: hand it out only to those who may read it.
 *
 * Errors: `NotFound` for an unknown id, `BadArgument` for a range outside of the content, `Unsupported` for a version
 * that the driver does not make. Source: PeerDistServerOpenContentInformation(Ex),
 * PeerDistServerCloseContentInformation.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await lastValueFrom(publish(Buffer.from('hello'), { session, contentId: 'greeting' }));
 * await using reader = await promise(effects.openContentInformation(session, { contentId: 'greeting' }));
 * for (;;) {
 *   const piece = await promise(effects.readContentInformation(reader, 64));
 *   if (piece.length === 0) break;
 *   console.log(piece.length);
 * }
 * ```
 */
export const openContentInformation = (
  session: DistributionSession,
  input: ContentInformationInput,
  options: EffectOptions = {},
): PeerEffect<ContentInformationReader> =>
  checked('openContentInformation', contentInformationQuery, input, (query) =>
    openSessionChild(
      session,
      {
        kind: KIND,
        operation: 'openContentInformation',
        open: (driver, raw, signal) => driver.openContentInformation(raw, query, { signal }),
        close: (driver, child) => driver.closeContentInformation(child.session, child.raw),
        wrap: (core) => new ContentInformationReader(core),
      },
      options,
    ),
  );

/**
 * The next bytes, `maxBytes` at most, 1 or more; empty at the end. See {@link openContentInformation} for an example.
 *
 * Errors: `Invalidated` by the service's status, `NotFound` when the content is unpublished before the end: what was read
 * so far is then not all of it. Source: PeerDistServerRetrieveContentInformation.
 */
export const readContentInformation = (
  reader: ContentInformationReader,
  maxBytes: number,
  options?: EffectOptions,
): PeerEffect<Uint8Array> =>
  checked('readContentInformation', count, maxBytes, (max) =>
    onSessionChild(
      reader,
      KIND,
      'readContentInformation',
      (driver, { session, raw }, signal) => driver.retrieveContentInformation(session, raw, max, { signal }),
      options,
    ),
  );

/**
 * The content information of something published, as one buffer: open, read to the end, close.
 *
 * @example
 * ```ts
 * import { createEnv, getContentInformation, withSession } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const program = withSession((session) => getContentInformation(session, { contentId: 'never published' }));
 * const result = await program(createEnv({ driver: createFakeDriver() }))();
 * console.log(result._tag === 'Left' ? result.left._tag : result.right.length); // NotFound
 * ```
 */
export const getContentInformation =
  (
    session: DistributionSession,
    input: ContentInformationInput,
    options: EffectOptions = {},
  ): PeerEffect<Uint8Array> =>
  (env) =>
    attempt('getContentInformation', async () => {
      await using reader = await promiseOf(openContentInformation(session, input, options)(env));
      const chunks: Uint8Array[] = [];
      for (;;) {
        const chunk = await promiseOf(readContentInformation(reader, CHUNK_BYTES, options)(env));
        if (chunk.length === 0) return Buffer.concat(chunks);
        chunks.push(chunk);
      }
    });
