import type { StreamHandle } from '../driver/index.js';
import { checked, type EffectOptions, type PeerEffect } from './effect.js';
import { Handle } from './handle.js';
import { onHandle } from './on-handle.js';
import type { DistributionSession } from './session.js';
import { onSessionChild, openSessionChild, type SessionChild } from './session-child.js';
import {
  type ContentIdInput,
  contentId as contentIdRule,
  publication,
  type PublicationInput,
} from './validate/publication.js';
import { bytes, size } from './validate/scalars.js';

const KIND = 'publication stream';

/** A publication being written. Closed before it is completed, nothing of it remains. */
export class PublicationStream extends Handle<SessionChild<StreamHandle>> {}

/**
 * Starts to publish content under an id of the application's choice.
 *
 * Use it to publish bytes as they come; for a file or an iterable there is `publish`. Add the bytes in order, complete,
 * close. Closing earlier cancels the publication. The publication ends with {@link unpublish} or with its session.
 *
 * Errors: `AlreadyExists` for an id in use, `Disabled` and `Unavailable` by the service's status, `Unsupported` for a
 * version that the driver does not make. Source: PeerDistServerPublishStream, PeerDistServerCloseStreamHandle.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using stream = await promise(effects.openPublication(session, { contentId: 'greeting' }));
 * await promise(effects.addToPublication(stream, Buffer.from('hello')));
 * await promise(effects.completePublication(stream));
 * console.log((await promise(effects.getContentInformation(session, { contentId: 'greeting' }))).length > 0); // true
 * await promise(effects.unpublish(session, 'greeting'));
 * ```
 */
export const openPublication = (
  session: DistributionSession,
  input: PublicationInput,
  options: EffectOptions = {},
): PeerEffect<PublicationStream> =>
  checked('openPublication', publication, input, (valid) =>
    openSessionChild(
      session,
      {
        kind: KIND,
        operation: 'openPublication',
        open: (driver, raw, signal) => driver.publishStream(raw, valid, { signal }),
        close: (driver, child) => driver.closeStream(child.session, child.raw),
        wrap: (core) => new PublicationStream(core),
      },
      options,
    ),
  );

/**
 * Appends bytes. One call at a time; `data` must not change until it is done. See {@link openPublication} for an
 * example.
 *
 * Errors: `BadArgument` for more bytes than were announced, `System` for a full disk, `Invalidated` by the service's
 * status. Source: PeerDistServerPublishAddToStream.
 */
export const addToPublication = (
  stream: PublicationStream,
  data: Uint8Array,
  options?: EffectOptions,
): PeerEffect<void> =>
  checked('addToPublication', bytes(0), data, (valid) =>
    onSessionChild(
      stream,
      KIND,
      'addToPublication',
      (driver, { session, raw }, signal) => driver.addToStream(session, raw, valid, { signal }),
      options,
    ),
  );

/**
 * Appends the next bytes of the file that the publication was opened with as its source, which the driver reads by
 * itself: on other threads where it has some.
 *
 * Use it for large files, and add the bytes where it is `Unsupported`; `publish` does that. `length` counts bytes, in
 * whole blocks of 64 KiB unless they are the last ones. One call at a time.
 *
 * Errors: `Unsupported` by drivers that want to be given the bytes, also for one version of content information only;
 * `BadArgument` for part of a block or more than the file has, `System` if somebody has changed the file,
 * `Invalidated` by the service's status. Source: none, an addition to PeerDistServerPublishAddToStream.
 *
 * @example
 * ```ts
 * import { stat, writeFile } from 'node:fs/promises';
 * import { resolve } from 'node:path';
 * import { createPeerweave } from 'peerweave';
 * import { createEngineDriver } from 'peerweave/engine';
 *
 * await writeFile('greeting.txt', 'hello');
 * const { dev, ino, size, mtimeNs, ctimeNs } = await stat('greeting.txt', { bigint: true });
 * const version = { device: dev, inode: ino, size, modifiedNs: mtimeNs, changedNs: ctimeNs };
 * const source = { path: resolve('greeting.txt'), version };
 *
 * const { effects, promise } = createPeerweave({ driver: createEngineDriver({ dataDir: './peerweave-data' }) });
 * await using session = await promise(effects.openSession());
 * await using stream = await promise(effects.openPublication(session, { contentId: 'greeting', source }));
 * await promise(effects.addSourceToPublication(stream, Number(size)));
 * await promise(effects.completePublication(stream));
 * ```
 */
export const addSourceToPublication = (
  stream: PublicationStream,
  length: number,
  options?: EffectOptions,
): PeerEffect<void> =>
  checked('addSourceToPublication', size, length, (valid) =>
    onSessionChild(
      stream,
      KIND,
      'addSourceToPublication',
      (driver, { session, raw }, signal) => driver.addFromSource(session, raw, valid, { signal }),
      options,
    ),
  );

/**
 * Ends the content; from here on its content information can be had and its blocks are served. See {@link
 * openPublication} for an example.
 *
 * Errors: `BadArgument` for empty content or fewer bytes than were announced, `Invalidated` by the service's status.
 * Source: PeerDistServerPublishCompleteStream.
 */
export const completePublication = (stream: PublicationStream, options?: EffectOptions): PeerEffect<void> =>
  onSessionChild(
    stream,
    KIND,
    'completePublication',
    (driver, { session, raw }, signal) => driver.completeStream(session, raw, { signal }),
    options,
  );

/**
 * Stops serving what was published under an id; what peers have cached they keep. See {@link openPublication} for an
 * example.
 *
 * Errors: `NotFound` for an unknown id. Source: PeerDistServerUnpublish.
 */
export const unpublish = (session: DistributionSession, contentId: ContentIdInput): PeerEffect<void> =>
  checked('unpublish', contentIdRule, contentId, (id) =>
    onHandle(session, 'session', 'unpublish', (raw, _signal, core) =>
      core.env.driver.distribution.unpublish(raw, id),
    ),
  );
