import type { GroupStatus } from './grouping-types.js';
import type { Guid } from './guid.js';

/** PEER_RECORD_CHANGE_TYPE. */
export type RecordChange = 'added' | 'updated' | 'deleted' | 'expired';
/** PEER_CONNECTION_STATUS. */
export type ConnectionChange = 'connected' | 'disconnected' | 'failed';
/** PEER_MEMBER_CHANGE_TYPE; `left` is never sent. */
export type MemberChange = 'connected' | 'disconnected' | 'updated' | 'joined' | 'left';

/** What a group tells, one arm per PEER_GROUP_EVENT_TYPE. */
export type GroupEvent =
  | { readonly _tag: 'StatusChanged'; readonly status: GroupStatus }
  | { readonly _tag: 'PropertyChanged' }
  | {
      readonly _tag: 'RecordChanged';
      readonly change: RecordChange;
      readonly recordId: Guid;
      readonly recordType: Guid;
    }
  | ({ readonly _tag: 'DirectConnection' } & ConnectionChangeData)
  | ({ readonly _tag: 'NeighborConnection' } & ConnectionChangeData)
  | {
      readonly _tag: 'IncomingData';
      readonly connectionId: bigint;
      readonly type: Guid;
      readonly data: Uint8Array;
    }
  | { readonly _tag: 'MemberChanged'; readonly change: MemberChange; readonly identity: string }
  | { readonly _tag: 'ConnectionFailed'; readonly reason: number | undefined }
  | { readonly _tag: 'AuthenticationFailed' };

/** PEER_EVENT_CONNECTION_CHANGE_DATA. */
export interface ConnectionChangeData {
  readonly change: ConnectionChange;
  readonly connectionId: bigint;
  readonly nodeId: bigint;
  /** 0n: no further attempt will be made. */
  readonly nextConnectionId: bigint;
  /** HRESULT, only with `failed`. */
  readonly reason: number | undefined;
}

/** The tag of a {@link GroupEvent}. */
export type GroupEventKind = GroupEvent['_tag'];

/** Which events to receive; `type` narrows RecordChanged and IncomingData to one GUID. */
export interface EventRegistration {
  readonly kind: GroupEventKind;
  readonly type?: Guid | undefined;
}
