import type { Cancel, GroupHandle } from '../driver/index.js';
import type { FakeContext } from './context.js';
import type { FakeEnumeration } from './enumeration.js';
import { HandleTable } from './handle-table.js';
import type { FakeIdentity } from './identity.js';
import type { StoredIdentity } from './identity-store.js';
import { Membership, type NetworkGroup } from './membership.js';
import { faultOf, type OperationName } from './operations.js';

/** PeerGroupConnectByAddress and direct connections need a port; this is the registered one of grouping. */
const GROUPING_PORT = 3587;

/** The groups of one driver: its memberships, which outlive handles, and the open handles. */
export class GroupingContext {
  readonly memberships = new Set<Membership>();
  readonly handles: HandleTable<GroupHandle, Membership>;
  readonly #onDeleted = new Map<GroupHandle, () => void>();
  /** Startups that no shutdown has taken back yet. */
  readonly startups: bigint[] = [];

  constructor(
    readonly fake: FakeContext,
    readonly identity: FakeIdentity,
    readonly enumeration: FakeEnumeration,
    /** The clouds that exist here, the default one first. */
    readonly clouds: readonly string[],
  ) {
    this.handles = new HandleTable('group', fake.ledger, fake.nextId, (operation) =>
      faultOf(operation, 'PEER_E_INVALID_GROUP', 'this group handle is not open'),
    );
  }

  /** @throws PEER_E_NOT_INITIALIZED before `startup`. */
  checkStarted(operation: OperationName): void {
    if (this.startups.length === 0) throw faultOf(operation, 'PEER_E_NOT_INITIALIZED', 'startup comes first');
  }

  /** @throws PEER_E_INVALID_GROUP for a handle that is not open. */
  use(operation: OperationName, handle: GroupHandle): Membership {
    this.checkStarted(operation);
    return this.handles.find(operation, handle);
  }

  /** @throws PEER_E_GROUP_NOT_READY before the first synchronisation. */
  useReady(operation: OperationName, handle: GroupHandle): Membership {
    const membership = this.use(operation, handle);
    if (!membership.ready)
      throw faultOf(operation, 'PEER_E_GROUP_NOT_READY', 'the database was not synchronised yet');
    return membership;
  }

  /** See `GroupingDriver.whenDeleted`. */
  whenDeleted(handle: GroupHandle, onDeleted: () => void): Cancel {
    if (this.handles.peek(handle) === undefined) queueMicrotask(onDeleted);
    else this.#onDeleted.set(handle, onDeleted);
    return () => this.#onDeleted.delete(handle);
  }

  /** Ends a handle whose group is deleted. */
  void(handle: GroupHandle): void {
    this.handles.void(handle);
    const tell = this.#onDeleted.get(handle);
    this.#onDeleted.delete(handle);
    tell?.();
  }

  find(identity: string, groupPeerName: string): Membership | undefined {
    return [...this.memberships].find(
      (one) => one.identity === identity && one.group.properties.groupPeerName === groupPeerName,
    );
  }

  /** @throws PEER_E_NO_CLOUD for one that does not exist here. */
  resolveCloud(operation: OperationName, cloud: string | undefined): string {
    const [first = 'Global_'] = this.clouds;
    if (cloud === undefined || cloud === '') return first;
    if (!this.clouds.includes(cloud)) throw faultOf(operation, 'PEER_E_NO_CLOUD', cloud);
    return cloud;
  }

  addMembership(
    group: NetworkGroup,
    { peerName, friendlyName, keys }: StoredIdentity,
    cloud: string,
    init: ConstructorParameters<typeof Membership>[7],
  ): Membership {
    const serial = this.fake.network.nextSerial();
    const address = { address: `fd00::${serial.toString(16)}`, port: GROUPING_PORT };
    const membership = new Membership(
      group,
      peerName,
      friendlyName,
      keys,
      cloud,
      address,
      BigInt(serial),
      init,
    );
    group.memberships.add(membership);
    this.memberships.add(membership);
    return membership;
  }

  openHandle(membership: Membership): GroupHandle {
    const handle = this.handles.open(membership, this.startups.at(-1));
    membership.handles.add(handle);
    return handle;
  }
}
