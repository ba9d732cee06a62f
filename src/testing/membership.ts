import {
  fileTimeFromMillis,
  type Cancel,
  type CredentialInfo,
  type FileTime,
  type GroupConnection,
  type GroupEvent,
  type GroupHandle,
  type GroupProperties,
  type GroupRecord,
  type Guid,
  type PeerAddress,
} from '../driver/index.js';
import type { EventQueue } from './event-queue.js';
import type { KeyPair } from './fake-keys.js';

/** A group as all its members see it. */
export interface NetworkGroup {
  properties: GroupProperties;
  /** What a password joiner must bring. */
  readonly passwordDigest: string | undefined;
  readonly memberships: Set<Membership>;
}

/** From when to when a credential holds. */
export interface Validity {
  readonly validFrom?: number | undefined;
  readonly validTo?: number | undefined;
}

export const timeFrom = (millis: number | undefined): FileTime | undefined =>
  millis === undefined ? undefined : fileTimeFromMillis(millis);

/** One end of a connection between two members. */
export interface Link extends GroupConnection {
  readonly remote: Membership;
  /** The id of the same connection at the other end. */
  readonly remoteId: bigint;
}

/** One identity of one driver in one group. All its handles share it, and with it the database and the connections. */
export class Membership {
  readonly handles = new Set<GroupHandle>();
  readonly queues = new Set<EventQueue>();
  readonly links = new Map<bigint, Link>();
  /** This member's copy of the database. */
  readonly records = new Map<Guid, GroupRecord>();
  online = false;
  /** Whether the database was synchronised at least once. */
  ready: boolean;
  roles: readonly Guid[];
  /** When the credential holds, milliseconds since 1970; the creator's has no end. */
  validity: Validity;
  /** What came with a password join, to be compared at connect. */
  passwordDigest: string | undefined;
  cancelExpiry: Cancel | undefined;

  constructor(
    readonly group: NetworkGroup,
    readonly identity: string,
    readonly friendlyName: string,
    readonly keys: KeyPair,
    readonly cloud: string,
    readonly address: PeerAddress,
    readonly nodeId: bigint,
    init: {
      readonly ready: boolean;
      readonly roles: readonly Guid[];
      readonly validity?: Validity | undefined;
    },
  ) {
    this.ready = init.ready;
    this.roles = init.roles;
    this.validity = init.validity ?? {};
  }

  post(event: GroupEvent): void {
    for (const queue of this.queues) queue.post(event);
  }

  listensTo(kind: GroupEvent['_tag']): boolean {
    return [...this.queues].some((queue) => queue.listensTo(kind));
  }

  /** The members of the group that can be talked to now, without this one. */
  get reachable(): readonly Membership[] {
    return [...this.group.memberships].filter((other) => other !== this && other.online);
  }

  get credential(): CredentialInfo {
    return {
      friendlyName: this.friendlyName,
      publicKey: this.keys.publicKey,
      issuerPeerName: this.group.properties.creatorPeerName,
      issuerFriendlyName: undefined,
      validFrom: timeFrom(this.validity.validFrom),
      validTo: timeFrom(this.validity.validTo),
      roles: this.roles,
    };
  }
}
