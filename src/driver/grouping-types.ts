import type { SecretText } from './call.js';
import type { FileTime } from './filetime.js';
import type { Guid } from './guid.js';

/** PEER_GROUP_AUTHENTICATION_SCHEME: certificates, a password, or both. */
export interface GroupAuthentication {
  readonly certificate: boolean;
  readonly password: boolean;
  /** Present on creation of a password group; a driver need not give it back. */
  readonly groupPassword?: SecretText | undefined;
  /** The role a password joiner gets. */
  readonly passwordRole?: Guid | undefined;
}

/** What PeerGroupCreate takes. Lifetimes are seconds. */
export interface GroupCreation {
  readonly creatorPeerName: string;
  readonly cloud?: string | undefined;
  readonly classifier?: string | undefined;
  readonly friendlyName?: string | undefined;
  readonly comment?: string | undefined;
  /** 0 or absent: as long as the issuer allows. */
  readonly memberDataLifetime?: number | undefined;
  readonly presenceLifetime?: number | undefined;
  /** Members appear only after their first publication. */
  readonly memberDataOptional?: boolean | undefined;
  readonly disablePresence?: boolean | undefined;
  /** Records do not expire while this peer is offline. */
  readonly deferExpiration?: boolean | undefined;
  readonly authentication?: GroupAuthentication | undefined;
}

/** What PeerGroupGetProperties answers and PeerGroupSetProperties takes back, edited. */
export interface GroupProperties {
  readonly groupPeerName: string;
  readonly creatorPeerName: string;
  readonly cloud: string | undefined;
  readonly classifier: string | undefined;
  readonly friendlyName: string | undefined;
  readonly comment: string | undefined;
  readonly memberDataLifetime: number;
  readonly presenceLifetime: number;
  readonly memberDataOptional: boolean;
  readonly disablePresence: boolean;
  readonly deferExpiration: boolean;
  readonly authentication: GroupAuthentication;
}

/** PEER_GROUP_STATUS; both false: offline. */
export interface GroupStatus {
  readonly listening: boolean;
  readonly hasConnections: boolean;
}

/** An endpoint by address. PEER_ADDRESS carries IPv6 only; IPv4 travels mapped (`::ffff:192.0.2.1`). */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
  readonly flowInfo?: number | undefined;
  readonly scopeId?: number | undefined;
}

/** PEER_CREDENTIAL_INFO. */
export interface CredentialInfo {
  readonly friendlyName: string | undefined;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly issuerPeerName: string | undefined;
  readonly issuerFriendlyName: string | undefined;
  readonly validFrom: FileTime | undefined;
  readonly validTo: FileTime | undefined;
  readonly roles: readonly Guid[];
}

/** PEER_MEMBER: a member as it is known here. */
export interface GroupMember {
  readonly present: boolean;
  readonly identity: string;
  readonly attributes: string | undefined;
  readonly nodeId: bigint;
  readonly addresses: readonly PeerAddress[];
  readonly credential: CredentialInfo | undefined;
}

/** PEER_CONNECTION_FLAGS: made by the group itself, or asked for. */
export type ConnectionKind = 'neighbor' | 'direct';

/** PEER_CONNECTION_INFO: a link of this peer. */
export interface GroupConnection {
  readonly kind: ConnectionKind;
  readonly connectionId: bigint;
  readonly nodeId: bigint;
  readonly peerName: string | undefined;
  readonly address: PeerAddress;
}

/** What an invitation says about itself, readable by anybody who holds it. */
export interface InvitationInfo {
  readonly cloud: string | undefined;
  readonly scope: 'any' | 'global' | 'site-local' | 'link-local';
  readonly cloudFlags: number;
  readonly groupPeerName: string;
  readonly issuerPeerName: string | undefined;
  readonly subjectPeerName: string | undefined;
  readonly groupFriendlyName: string | undefined;
  readonly issuerFriendlyName: string | undefined;
  readonly subjectFriendlyName: string | undefined;
  readonly validFrom: FileTime | undefined;
  readonly validTo: FileTime | undefined;
  readonly roles: readonly Guid[];
  readonly subjectPublicKey: Uint8Array | undefined;
  readonly authentication: 'certificate' | 'password';
}

/** What PeerGroupCreateInvitation takes. */
export interface InvitationRequest {
  /** The invitee's identity XML, unedited. */
  readonly identityXml: string;
  /** `undefined`: as long as the issuer may. */
  readonly expiration?: FileTime | undefined;
  readonly roles: readonly Guid[];
}

/** What PeerGroupIssueCredentials takes. */
export interface CredentialsRequest {
  readonly subjectIdentity: string;
  /** `undefined`: renew what the group knows of this member. */
  readonly credential?: CredentialInfo | undefined;
  /** Publish in the group's database instead of returning an invitation. */
  readonly store: boolean;
}

/** PEER_RECORD. Times are peer time. */
export interface GroupRecord {
  readonly type: Guid;
  readonly id: Guid;
  readonly version: number;
  readonly autoRefresh: boolean;
  readonly deleted: boolean;
  readonly creatorId: string;
  readonly modifiedById: string | undefined;
  readonly attributes: string | undefined;
  readonly created: FileTime;
  readonly expires: FileTime;
  readonly modified: FileTime | undefined;
  readonly data: Uint8Array;
}

/** What PeerGroupAddRecord takes; the system fills in the rest of the record. */
export interface RecordCreation {
  readonly type: Guid;
  /** Peer time; see {@link GroupingDriver.universalToPeerTime}. */
  readonly expires: FileTime;
  readonly attributes?: string | undefined;
  readonly autoRefresh?: boolean | undefined;
  readonly data: Uint8Array;
}

/** Whose membership of which group was imported. */
export interface ImportedGroup {
  readonly identity: string;
  readonly groupPeerName: string;
}

/** PEER_VERSION_DATA: low byte major, high byte minor. */
export interface GroupingVersion {
  readonly version: number;
  readonly highestVersion: number;
}
