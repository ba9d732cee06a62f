import {
  type ConnectionChangeData,
  type GroupEvent,
  type GroupEventKind,
  PEER_CONNECTION_STATUS as CONNECTION,
  PEER_GROUP_EVENT_TYPE as EVENT,
  PEER_MEMBER_CHANGE_TYPE as MEMBER,
  PEER_RECORD_CHANGE_TYPE as RECORD,
} from '../driver/index.js';
import { statusFrom } from './grouping-properties.js';
import {
  PEER_EVENT_CONNECTION_CHANGE_DATA,
  PEER_EVENT_INCOMING_DATA,
  PEER_EVENT_MEMBER_CHANGE_DATA,
  PEER_EVENT_RECORD_CHANGE_DATA,
  PEER_GROUP_EVENT_DATA,
} from './layouts.js';
import type { Memory } from './memory.js';

/** PEER_GROUP_EVENT_TYPE of each kind of event. */
export const EVENT_TYPES = {
  StatusChanged: EVENT.PEER_GROUP_EVENT_STATUS_CHANGED,
  PropertyChanged: EVENT.PEER_GROUP_EVENT_PROPERTY_CHANGED,
  RecordChanged: EVENT.PEER_GROUP_EVENT_RECORD_CHANGED,
  DirectConnection: EVENT.PEER_GROUP_EVENT_DIRECT_CONNECTION,
  NeighborConnection: EVENT.PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
  IncomingData: EVENT.PEER_GROUP_EVENT_INCOMING_DATA,
  MemberChanged: EVENT.PEER_GROUP_EVENT_MEMBER_CHANGED,
  ConnectionFailed: EVENT.PEER_GROUP_EVENT_CONNECTION_FAILED,
  AuthenticationFailed: EVENT.PEER_GROUP_EVENT_AUTHENTICATION_FAILED,
} as const satisfies Record<GroupEventKind, number>;

export const EVENT_KINDS = Object.keys(EVENT_TYPES) as readonly GroupEventKind[];

const RECORD_CHANGES = new Map([
  [RECORD.PEER_RECORD_ADDED, 'added'],
  [RECORD.PEER_RECORD_UPDATED, 'updated'],
  [RECORD.PEER_RECORD_DELETED, 'deleted'],
  [RECORD.PEER_RECORD_EXPIRED, 'expired'],
] as const);

const CONNECTION_CHANGES = new Map([
  [CONNECTION.PEER_CONNECTED, 'connected'],
  [CONNECTION.PEER_DISCONNECTED, 'disconnected'],
  [CONNECTION.PEER_CONNECTION_FAILED, 'failed'],
] as const);

const MEMBER_CHANGES = new Map([
  [MEMBER.PEER_MEMBER_CONNECTED, 'connected'],
  [MEMBER.PEER_MEMBER_DISCONNECTED, 'disconnected'],
  [MEMBER.PEER_MEMBER_UPDATED, 'updated'],
  [MEMBER.PEER_MEMBER_JOINED, 'joined'],
  [MEMBER.PEER_MEMBER_LEFT, 'left'],
] as const);

/** The name of a change; one that no header knows is an error of the library, not of the caller. */
const nameOf = <Name extends string>(names: ReadonlyMap<number, Name>, value: number): Name => {
  const name = names.get(value);
  if (name === undefined) throw new Error(`P2P.dll sent a change of the unknown type ${value}`);
  return name;
};

const connectionChange = (memory: Memory, address: bigint): ConnectionChangeData => {
  const data = memory.struct(address, PEER_EVENT_CONNECTION_CHANGE_DATA);
  const change = nameOf(CONNECTION_CHANGES, data.status);
  return {
    change,
    connectionId: data.ullConnectionId,
    nodeId: data.ullNodeId,
    nextConnectionId: data.ullNextConnectionId,
    reason: change === 'failed' ? data.hrConnectionFailedReason : undefined,
  };
};

/** What a PEER_GROUP_EVENT_DATA tells; `undefined` for a type that only a later Windows knows. */
export const readEvent = (memory: Memory, address: bigint): GroupEvent | undefined => {
  const { eventType, payload } = memory.struct(address, PEER_GROUP_EVENT_DATA);
  switch (eventType) {
    case EVENT_TYPES.StatusChanged:
      return { _tag: 'StatusChanged', status: statusFrom(u32At(memory, payload)) };
    case EVENT_TYPES.PropertyChanged:
      return { _tag: 'PropertyChanged' };
    case EVENT_TYPES.RecordChanged: {
      const data = memory.struct(payload, PEER_EVENT_RECORD_CHANGE_DATA);
      const change = nameOf(RECORD_CHANGES, data.changeType);
      return { _tag: 'RecordChanged', change, recordId: data.recordId, recordType: data.recordType };
    }
    case EVENT_TYPES.DirectConnection:
      return { _tag: 'DirectConnection', ...connectionChange(memory, payload) };
    case EVENT_TYPES.NeighborConnection:
      return { _tag: 'NeighborConnection', ...connectionChange(memory, payload) };
    case EVENT_TYPES.IncomingData: {
      const { ullConnectionId, type, data } = memory.struct(payload, PEER_EVENT_INCOMING_DATA);
      const bytes = memory.bytes(data.pbData, data.cbData);
      return { _tag: 'IncomingData', connectionId: ullConnectionId, type, data: bytes };
    }
    case EVENT_TYPES.MemberChanged: {
      const data = memory.struct(payload, PEER_EVENT_MEMBER_CHANGE_DATA);
      return {
        _tag: 'MemberChanged',
        change: nameOf(MEMBER_CHANGES, data.changeType),
        identity: data.pwzIdentity ?? '',
      };
    }
    case EVENT_TYPES.ConnectionFailed: {
      const reason = u32At(memory, payload);
      return { _tag: 'ConnectionFailed', reason: reason === 0 ? undefined : reason };
    }
    case EVENT_TYPES.AuthenticationFailed:
      return { _tag: 'AuthenticationFailed' };
    default:
      return undefined;
  }
};

const u32At = (memory: Memory, address: bigint): number =>
  new DataView(memory.bytes(address, 4).buffer).getUint32(0, true);
