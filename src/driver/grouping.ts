import type { CallOptions, SecretText } from './call.js';
import type { Cancel } from './clock.js';
import type { FileTime } from './filetime.js';
import type { EventRegistration, GroupEvent } from './grouping-events.js';
import type {
  ConnectionKind,
  CredentialsRequest,
  GroupConnection,
  GroupCreation,
  GroupingVersion,
  GroupMember,
  GroupProperties,
  GroupRecord,
  GroupStatus,
  ImportedGroup,
  InvitationInfo,
  InvitationRequest,
  PeerAddress,
  RecordCreation,
} from './grouping-types.js';
import type { Guid } from './guid.js';
import type { EnumerationHandle, GroupEventsHandle, GroupHandle } from './handles.js';

/**
 * The grouping family. Order of a life: `startup`, then `create`, `open` or a join, `registerEvents`, `connect`, …,
 * `unregisterEvents`, `close`, `shutdown`. An omitted identity means the default one.
 */
export interface GroupingDriver {
  /**
   * Whether this driver can bring a group online at all. Where it cannot, creating a group does not try to, and
   * `connect` answers `Unsupported`.
   */
  readonly canConnect: boolean;

  /** PeerGroupStartup: the first call of all; one `shutdown` for each. */
  startup(): Promise<GroupingVersion>;
  /** PeerGroupShutdown. */
  shutdown(): Promise<void>;

  /** PeerGroupCreate: an offline handle; the caller is owner and only administrator. */
  create(creation: GroupCreation, call?: CallOptions): Promise<GroupHandle>;
  /** PeerGroupOpen: a group that this identity created or joined before. */
  open(
    identity: string | undefined,
    groupPeerName: string,
    cloud: string | undefined,
    call?: CallOptions,
  ): Promise<GroupHandle>;
  /** PeerGroupJoin: by an invitation bound to this identity. */
  join(
    identity: string | undefined,
    invitation: string,
    cloud: string | undefined,
    call?: CallOptions,
  ): Promise<GroupHandle>;
  /** PeerGroupPasswordJoin. A wrong password shows at `connect`, not here. */
  joinWithPassword(
    identity: string | undefined,
    invitation: string,
    password: SecretText,
    cloud: string | undefined,
    call?: CallOptions,
  ): Promise<GroupHandle>;
  /** PeerGroupClose: this handle only. */
  close(group: GroupHandle): Promise<void>;
  /** PeerGroupDelete: the local data and certificate; every open handle, in any process, dies at once. */
  delete(identity: string | undefined, groupPeerName: string): Promise<void>;

  /**
   * Tells, once, that the group of this handle was deleted, as early as the driver learns of it, also for a handle that
   * is void already; never synchronously from inside this call. The answer takes it back. A driver that learns of it by
   * the next call only leaves this out.
   */
  whenDeleted?(group: GroupHandle, onDeleted: () => void): Cancel;

  /** PeerGroupConnect. It only starts: a StatusChanged or ConnectionFailed event tells the outcome. */
  connect(group: GroupHandle, call?: CallOptions): Promise<void>;
  /** PeerGroupConnectByAddress. */
  connectByAddress(group: GroupHandle, addresses: readonly PeerAddress[], call?: CallOptions): Promise<void>;
  /** PeerGroupResumePasswordAuthentication; undocumented on Windows. */
  resumePasswordAuthentication(group: GroupHandle, events: GroupEventsHandle): Promise<void>;

  /** PeerGroupGetStatus. */
  getStatus(group: GroupHandle): Promise<GroupStatus>;
  /** PeerGroupGetProperties. PEER_E_GROUP_NOT_READY before the first synchronisation. */
  getProperties(group: GroupHandle): Promise<GroupProperties>;
  /** PeerGroupSetProperties: creator only; names, cloud, classifier and lifetimes cannot change. */
  setProperties(group: GroupHandle, properties: GroupProperties): Promise<void>;

  /** PeerGroupCreateInvitation. @returns the invitation XML. */
  createInvitation(group: GroupHandle, request: InvitationRequest): Promise<string>;
  /** PeerGroupCreatePasswordInvitation. */
  createPasswordInvitation(group: GroupHandle): Promise<string>;
  /** PeerGroupParseInvitation: needs no membership. */
  parseInvitation(invitation: string): Promise<InvitationInfo>;
  /** PeerGroupIssueCredentials. @returns the invitation XML unless it was stored in the group. */
  issueCredentials(group: GroupHandle, request: CredentialsRequest): Promise<string | undefined>;
  /** PeerGroupExportConfig. */
  exportConfig(group: GroupHandle, password: SecretText): Promise<string>;
  /** PeerGroupImportConfig. */
  importConfig(xml: string, password: SecretText, overwrite: boolean): Promise<ImportedGroup>;

  /** PeerGroupEnumMembers. */
  enumerateMembers(
    group: GroupHandle,
    filter: { readonly presentOnly: boolean; readonly identity?: string | undefined },
  ): Promise<EnumerationHandle<GroupMember>>;
  /** PeerGroupEnumConnections. */
  enumerateConnections(
    group: GroupHandle,
    kinds: readonly ConnectionKind[],
  ): Promise<EnumerationHandle<GroupConnection>>;
  /** PeerGroupOpenDirectConnection. The id is usable only after its DirectConnection event says connected. */
  openDirectConnection(group: GroupHandle, identity: string, address: PeerAddress): Promise<bigint>;
  /** PeerGroupCloseDirectConnection. */
  closeDirectConnection(group: GroupHandle, connectionId: bigint): Promise<void>;
  /** PeerGroupSendData. */
  sendData(group: GroupHandle, connectionId: bigint, type: Guid, data: Uint8Array): Promise<void>;

  /** PeerGroupAddRecord. @returns the new record's id. */
  addRecord(group: GroupHandle, record: RecordCreation): Promise<Guid>;
  /** PeerGroupUpdateRecord. */
  updateRecord(group: GroupHandle, record: GroupRecord): Promise<void>;
  /** PeerGroupDeleteRecord. */
  deleteRecord(group: GroupHandle, recordId: Guid): Promise<void>;
  /** PeerGroupGetRecord. */
  getRecord(group: GroupHandle, recordId: Guid): Promise<GroupRecord>;
  /** PeerGroupEnumRecords; without a type: all. */
  enumerateRecords(group: GroupHandle, type: Guid | undefined): Promise<EnumerationHandle<GroupRecord>>;
  /** PeerGroupSearchRecords: `peersearch` XML over the local database. */
  searchRecords(group: GroupHandle, criteria: string): Promise<EnumerationHandle<GroupRecord>>;
  /** PeerGroupExportDatabase: to an absolute path, overwriting it. */
  exportDatabase(group: GroupHandle, path: string): Promise<void>;
  /** PeerGroupImportDatabase: after opening, before connecting. */
  importDatabase(group: GroupHandle, path: string): Promise<void>;
  /** PeerGroupPeerTimeToUniversalTime. */
  peerToUniversalTime(group: GroupHandle, peerTime: FileTime): Promise<FileTime>;
  /** PeerGroupUniversalTimeToPeerTime. */
  universalToPeerTime(group: GroupHandle, universalTime: FileTime): Promise<FileTime>;

  /**
   * PeerGroupRegisterEvent. `onSignal` is called, never synchronously from inside this call, whenever events may be
   * waiting; it must return at once. After a signal the reader drains with {@link getEvents} until it answers none.
   */
  registerEvents(
    group: GroupHandle,
    registrations: readonly EventRegistration[],
    onSignal: () => void,
  ): Promise<GroupEventsHandle>;
  /** PeerGroupGetEventData, up to `max` times; an empty answer is PEER_S_NO_EVENT_DATA. */
  getEvents(events: GroupEventsHandle, max: number): Promise<readonly GroupEvent[]>;
  /** PeerGroupUnregisterEvent. After it has resolved `onSignal` is not called again. */
  unregisterEvents(events: GroupEventsHandle): Promise<void>;
}
