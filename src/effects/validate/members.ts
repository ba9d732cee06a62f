import type { ConnectionKind, Guid } from '../../driver/index.js';
import { guid } from './guid.js';
import { peerName } from './names.js';
import { list, object } from './object.js';
import { optional, withDefault, type Rule } from './rule.js';
import { boolean, bytes, connectionId, oneOf } from './scalars.js';

/** Which members to list: all by default. */
export interface MemberFilter {
  /** Only those who are online. */
  readonly presentOnly?: boolean | undefined;
  /** Only this one. */
  readonly identity?: string | undefined;
}

export const memberFilter: Rule<{ readonly presentOnly: boolean; readonly identity: string | undefined }> =
  object({ presentOnly: withDefault(boolean, false), identity: optional(peerName) });

export const connectionKinds: Rule<readonly ConnectionKind[]> = list(
  oneOf<ConnectionKind>(['neighbor', 'direct']),
  1,
);

/** Data for the member at the other end of a connection. */
export interface DirectMessage {
  readonly connectionId: bigint;
  /** Tells the receiver what kind of data it is. */
  readonly type: Guid;
  readonly data: Uint8Array;
}

export const directMessage: Rule<DirectMessage> = object({ connectionId, type: guid, data: bytes() });
