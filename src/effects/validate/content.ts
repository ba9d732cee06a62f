import * as E from 'fp-ts/lib/Either.js';
import {
  CONTENT_SUPPLIERS,
  LIMITS,
  type ContentOptions,
  type ContentSupplier,
  type ReadRequest,
} from '../../driver/index.js';
import { list, object } from './object.js';
import { endpoint } from './peer-address.js';
import { bad, optional, type Rule } from './rule.js';
import { boolean, bytes, integer, oneOf, text, UINT32_MAX } from './scalars.js';
import { timeoutMs } from './timeout.js';

/** Names an application's class of content: 16 bytes, or up to 16 ASCII characters that are padded with zeros. */
export type ContentTagInput = string | Uint8Array;

const TAG_SIZE = LIMITS['peerdist.contentTag.size'];

export const contentTag: Rule<Uint8Array> = (value, at) => {
  if (typeof value !== 'string') return bytes(TAG_SIZE, TAG_SIZE)(value, at);
  if (!/^[\x20-\x7e]{1,16}$/.test(value)) {
    return bad(at, 'format', `must be 1 to ${TAG_SIZE} printable ASCII characters, or ${TAG_SIZE} bytes`);
  }
  const tag = new Uint8Array(TAG_SIZE);
  new TextEncoder().encodeInto(value, tag);
  return E.right(tag);
};

/** What content to open and whom to ask for it. */
export interface ContentInput {
  /** `peerweave` by default. */
  readonly tag?: ContentTagInput | undefined;
  /** Peers to ask besides those the service finds itself, as `host:port`. */
  readonly peers?: readonly string[] | undefined;
  /** Who is asked, one after the other; who is not named is not asked. By default whoever the service knows, in its order. */
  readonly suppliers?: readonly ContentSupplier[] | undefined;
  /** What to call it when a person asks where it came from: a URL or a path. */
  readonly name?: string | undefined;
  /** The file that it is going to be written to, by which a person may ask as well. */
  readonly file?: string | undefined;
  /**
   * False for bytes that came from elsewhere and are only added, for others and for later: they do not count as taken from
   * the origin then, and the content is not remembered as a retrieval. True by default.
   */
  readonly isCounted?: boolean | undefined;
}

const DEFAULT_TAG = 'peerweave';

const suppliers: Rule<readonly ContentSupplier[]> = (value, at) => {
  const named = list(oneOf(CONTENT_SUPPLIERS), 1)(value, at);
  return E.isRight(named) && new Set(named.right).size < named.right.length
    ? bad(at, 'conflict', 'must not name anybody twice')
    : named;
};

/** Characters. */
export const LONGEST_NAME = 4_096;

export const contentOptions: Rule<ContentOptions> = object({
  tag: (value, at) => contentTag(value === undefined ? DEFAULT_TAG : value, at),
  peers: optional(list(endpoint)),
  suppliers: optional(suppliers),
  name: optional(text(1, LONGEST_NAME)),
  file: optional(text(1)),
  isCounted: optional(boolean),
});

export const readRequest: Rule<ReadRequest> = object({
  maxBytes: integer(0, UINT32_MAX, 'bytes'),
  timeoutMs,
  into: optional(bytes()),
  fillsGapsAfterMs: timeoutMs,
});
