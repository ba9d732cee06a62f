import type { ContentHandle, ReadRequest, ReadResult } from '../driver/index.js';
import { checked, type EffectOptions, type PeerEffect } from './effect.js';
import { Handle } from './handle.js';
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

/** Content that is being fetched or read. */
export class Content extends Handle<SessionChild<ContentHandle>> {}

/**
 * Opens content for reading: add its content information, complete that, then read.
 *
 * Use it for reads by range or with an origin of one's own to fall back to; `retrieve` does the usual whole.
 *
 * Errors: `Disabled` and `Unavailable` by the service's status; `Unsupported` for named peers where the system
 * discovers them itself. Source: PeerDistClientOpenContent, PeerDistClientCloseContent.
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
 * Adds content information in order, in pieces of any size, one call at a time.
 *
 * Source: PeerDistClientAddContentInformation.
 */
export const addContentInformation = (
  content: Content,
  information: Uint8Array,
  options?: EffectOptions,
): PeerEffect<void> =>
  checked('addContentInformation', bytes(0), information, (valid) =>
    onSessionChild(
      content,
      KIND,
      'addContentInformation',
      (driver, { session, raw }, signal) => driver.addContentInformation(session, raw, valid, { signal }),
      options,
    ),
  );

/**
 * Ends the content information; required before reading. Errors: `Protocol` when it cannot be parsed.
 *
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
 * Source: PeerDistClientStreamRead.
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

/** Reads at `offset` bytes from the start of the content; the cursor stays. Source: PeerDistClientBlockRead. */
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
 * Source: PeerDistClientAddData.
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

/** Cancels everything pending on the content; the handle stays open. Source: PeerDistClientCancelAsyncOperation. */
export const cancelContent = (content: Content): PeerEffect<void> =>
  onSessionChild(content, KIND, 'cancelContent', (driver, { session, raw }) =>
    driver.cancelContent(session, raw),
  );

/** Whether peers are soon likely to hold the data. Source: PeerDistClientGetInformationByHandle. */
export const getContentBasicInfo = (content: Content): PeerEffect<{ readonly flashCrowd: boolean }> =>
  onSessionChild(content, KIND, 'getContentBasicInfo', (driver, { session, raw }) =>
    driver.getContentBasicInfo(session, raw),
  );

/** Drops what the local cache holds for a tag. Source: PeerDistClientFlushContent. */
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
