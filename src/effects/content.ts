import type { ContentExplanation, ContentHandle, ReadRequest, ReadResult } from '../driver/index.js';
import { checked, type EffectOptions, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { onHandle } from './on-handle.js';
import type { DistributionSession } from './session.js';
import { onSessionChild, openSessionChild, type SessionChild } from './session-child.js';
import {
  type ContentInput,
  contentOptions,
  contentTag,
  type ContentTagInput,
  readRequest,
} from './validate/content.js';
import { object } from './validate/object.js';
import { bytes, size } from './validate/scalars.js';

const KIND = 'content';

/** Names content of programs that did not choose a tag of their own. */
const DEFAULT_TAG = 'peerweave';

/**
 * Content that is being fetched or read. Closing it cancels what is pending on it; what was verified stays in the
 * cache.
 */
export class Content extends Handle<SessionChild<ContentHandle>> {}

/** The driver's number of a content, by which events name it. */
export const contentHandle = (content: Content, operation: string): ContentHandle =>
  coreOf(content, KIND, operation).assertOpen(operation).raw;

/**
 * Opens content for reading: add its content information, complete that, then read.
 *
 * Use it for reads by range or with an origin of one's own to fall back to; `retrieve` does the usual whole. The handle
 * belongs to the session and is voided when the service goes away.
 *
 * Errors: `Disabled` and `Unavailable` by the service's status; `Unsupported` for named peers where the system
 * discovers them itself. Source: PeerDistClientOpenContent, PeerDistClientCloseContent.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await lastValueFrom(publish(Buffer.from('hello world'), { session, contentId: 'greeting' }));
 * const information = await promise(effects.getContentInformation(session, { contentId: 'greeting' }));
 *
 * await using content = await promise(effects.openContent(session, { tag: 'greetings' }));
 * await promise(effects.addContentInformation(content, information));
 * await promise(effects.completeContentInformation(content));
 * const first = await promise(effects.readContent(content, { maxBytes: 5 }));
 * console.log(first._tag === 'Data' && Buffer.from(first.bytes).toString()); // hello
 * const later = await promise(effects.readContentAt(content, 6, { maxBytes: 100 }));
 * console.log(later._tag === 'Data' && Buffer.from(later.bytes).toString()); // world
 * console.log(await promise(effects.getContentBasicInfo(content))); // { flashCrowd: false }
 * await promise(effects.cancelContent(content));
 * ```
 */
export const openContent = (
  session: DistributionSession,
  input: Partial<ContentInput> = {},
  options: EffectOptions = {},
): PeerEffect<Content> =>
  checked('openContent', contentOptions, { tag: DEFAULT_TAG, ...input }, (content) =>
    openSessionChild(
      session,
      {
        kind: KIND,
        operation: 'openContent',
        open: (driver, raw, signal) => driver.openContent(raw, content, { signal }),
        close: (driver, child) => driver.closeContent(child.session, child.raw),
        wrap: (core) => new Content(core),
      },
      options,
    ),
  );

/**
 * Adds content information in order, in pieces of any size, one call at a time. See {@link openContent} for an example.
 *
 * Errors: `Protocol` as soon as it is longer than it can be, `Unsupported` for another version, `AlreadyExists` once it
 * is complete. Source: PeerDistClientAddContentInformation.
 */
export const addContentInformation = (
  content: Content,
  information: Uint8Array,
  options?: EffectOptions,
): PeerEffect<void> => giveContentInformation(content, information, options, false);

/** The same; bytes that do not change any more need not be copied. */
export const giveContentInformation = (
  content: Content,
  information: Uint8Array,
  options: EffectOptions | undefined,
  isConstant: boolean,
): PeerEffect<void> =>
  checked('addContentInformation', bytes(0), information, (valid) =>
    onSessionChild(
      content,
      KIND,
      'addContentInformation',
      (driver, { session, raw }, signal) =>
        driver.addContentInformation(session, raw, valid, { signal, isConstant }),
      options,
    ),
  );

/**
 * Ends the content information; required before reading. See {@link openContent} for an example.
 *
 * Errors: `Protocol` when it cannot be parsed, `AlreadyExists` the second time.
 * Source: PeerDistClientCompleteContentInformation.
 */
export const completeContentInformation = (content: Content, options?: EffectOptions): PeerEffect<void> =>
  onSessionChild(
    content,
    KIND,
    'completeContentInformation',
    (driver, { session, raw }, signal) => driver.completeContentInformation(session, raw, { signal }),
    options,
  );

/**
 * Reads on from the handle's cursor. Answers with the first bytes there are, a gap to fill from the origin, or the end.
 *
 * Use it for a content from its start to its end; see {@link openContent} for an example. Several reads may wait, they
 * are answered in order. A gap moves the cursor behind it. `maxBytes: 0` asks how many bytes the cache holds from here.
 * Waits `timeoutMs` for peers, 5 000 ms unless told, and as long as it takes for a disk that is slower than they are; 0 means
 * the local cache only. Bytes are checked.
 *
 * Errors: `NotReady` before the content information is complete, `Invalidated` by the service's status. Bytes that
 * nobody has are no error but a `Missing`. Source: PeerDistClientStreamRead.
 */
export const readContent = (
  content: Content,
  request: ReadRequest,
  options?: EffectOptions,
): PeerEffect<ReadResult> =>
  checked('readContent', readRequest, request, (valid) =>
    onSessionChild(
      content,
      KIND,
      'readContent',
      (driver, { session, raw }, signal) => driver.streamRead(session, raw, valid, { signal }),
      options,
    ),
  );

/**
 * Reads at `offset` bytes from the start of the content; the cursor stays. See {@link openContent} for an example.
 *
 * Otherwise, and in its errors, like {@link readContent}. Source: PeerDistClientBlockRead.
 */
export const readContentAt = (
  content: Content,
  offset: number,
  request: ReadRequest,
  options?: EffectOptions,
): PeerEffect<ReadResult> =>
  checked('readContentAt', READ_AT, { offset, request }, (valid) =>
    onSessionChild(
      content,
      KIND,
      'readContentAt',
      (driver, { session, raw }, signal) =>
        driver.blockRead(session, raw, valid.offset, valid.request, { signal }),
      options,
    ),
  );

const READ_AT = object({ offset: size, request: readRequest });

/**
 * Hands over bytes that were fetched from the origin. They are checked before they are kept.
 *
 * Use it to fill what a read called `Missing`; later reads, here and by peers, find the bytes in the cache. Pieces of a
 * block of 64 KiB wait until the block is whole. Before the content information is complete they wait to be checked.
 *
 * Errors: `Protocol` for bytes that do not match the content information, `BadArgument` past the end of the content,
 * `System` for more unchecked bytes than the driver holds. Source: PeerDistClientAddData.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createEngineDriver, makeContentInformation } from 'peerweave/engine';
 *
 * const driver = createEngineDriver({ dataDir: './consumer', listen: false });
 * const { effects, promise } = createPeerweave({ driver });
 * const origin = Buffer.from('hello');
 * const information = await makeContentInformation([origin], { secret: Buffer.from('secret') });
 * await using session = await promise(effects.openSession());
 * await using content = await promise(effects.openContent(session));
 * await promise(effects.addContentInformation(content, information));
 * await promise(effects.completeContentInformation(content));
 * await promise(effects.addContentData(content, 0, origin));
 * const found = await promise(effects.readContent(content, { maxBytes: 5, timeoutMs: 0 }));
 * console.log(found._tag); // Data
 * ```
 */
export const addContentData = (
  content: Content,
  offset: number,
  data: Uint8Array,
  options?: EffectOptions,
): PeerEffect<void> =>
  checked('addContentData', DATA_AT, { offset, data }, (valid) =>
    onSessionChild(
      content,
      KIND,
      'addContentData',
      (driver, { session, raw }, signal) =>
        driver.addData(session, raw, valid.offset, valid.data, { signal }),
      options,
    ),
  );

const DATA_AT = object({ offset: size, data: bytes(0) });

/**
 * Cancels everything pending on the content; the handle stays open. See {@link openContent} for an example.
 *
 * The calls end with `Cancelled`, unless their results were on the way. Source: PeerDistClientCancelAsyncOperation.
 */
export const cancelContent = (content: Content): PeerEffect<void> =>
  onSessionChild(content, KIND, 'cancelContent', (driver, { session, raw }) =>
    driver.cancelContent(session, raw),
  );

/**
 * Whether peers are soon likely to hold the data, so that waiting for them may be better than the origin. See {@link
 * openContent} for an example.
 *
 * Source: PeerDistClientGetInformationByHandle, PEERDIST_CLIENT_BASIC_INFO.
 */
export const getContentBasicInfo = (content: Content): PeerEffect<{ readonly flashCrowd: boolean }> =>
  onSessionChild(content, KIND, 'getContentBasicInfo', (driver, { session, raw }) =>
    driver.getContentBasicInfo(session, raw),
  );

/**
 * Where the bytes of a content came from so far, and for every segment why not from a place that would have been
 * preferred: no peer known, peers that lack the block or sent wrong bytes, a timeout, an origin.
 *
 * Errors: `Unsupported` on Windows, whose service does not tell; `HandleClosed`, `Invalidated`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session, contentId: 'greeting' }));
 * if (published._tag !== 'Published') throw new Error('interrupted');
 * await using content = await promise(effects.openContent(session));
 * await promise(effects.addContentInformation(content, published.contentInformation));
 * await promise(effects.completeContentInformation(content));
 * await promise(effects.readContent(content, { maxBytes: 5 }));
 * const { bytes, segments } = await promise(effects.explainContent(content));
 * console.log(bytes.peer, segments[0]?.sources); // 5 [ { source: 'peer', peer: 'fake-1' } ]
 * ```
 */
export const explainContent = (content: Content): PeerEffect<ContentExplanation> =>
  onSessionChild(content, KIND, 'explainContent', (driver, { session, raw }) =>
    driver.explainContent(session, raw),
  );

/**
 * Drops what the local cache holds for a tag, for every session. What a publication holds stays.
 *
 * Errors: `BadArgument` for a tag that is not of 16 bytes, `Disabled`, `Unavailable` by the service's status.
 * Source: PeerDistClientFlushContent.
 *
 * @example
 * ```ts
 * import { createEnv, flushContent, withSession } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const program = withSession((session) => flushContent(session, 'greetings'));
 * console.log((await program(createEnv({ driver: createFakeDriver() }))())._tag); // Right
 * ```
 */
export const flushContent = (
  session: DistributionSession,
  tag: ContentTagInput,
  options?: EffectOptions,
): PeerEffect<void> =>
  checked('flushContent', contentTag, tag, (valid) =>
    onHandle(
      session,
      'session',
      'flushContent',
      (raw, signal, core) => core.env.driver.distribution.flush(raw, valid, { signal }),
      options,
    ),
  );
