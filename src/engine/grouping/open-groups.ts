import type { Cancel, GroupHandle } from '../../driver/index.js';
import { Deletions } from './deletions.js';
import type { GroupEvents } from './group-events.js';
import { HandleTable, type HandleSource } from './handles.js';
import { Refusal } from './refusal.js';
import type { StoredGroup } from './storage/stored-group.js';
import type { GroupStore } from './storage/group-store.js';

type OpenGroup = Pick<StoredGroup, 'identity' | 'groupPeerName' | 'instance'>;

/** The start-up count and the handles of open groups. */
export class OpenGroups {
  readonly #groups: GroupStore;
  readonly #events: GroupEvents;
  readonly #handles: HandleTable<GroupHandle, OpenGroup>;
  readonly #deletions = new Deletions(async (handle) => this.#check(handle));
  #started = 0;

  constructor(groups: GroupStore, events: GroupEvents, next: HandleSource) {
    this.#groups = groups;
    this.#events = events;
    this.#handles = new HandleTable(next, 'PEER_E_INVALID_GROUP');
  }

  startup(): void {
    this.#started += 1;
  }

  /** The last one closes every group. */
  shutdown(): void {
    if (this.#started === 0) throw new Refusal('E_UNEXPECTED', 'there was no start-up to match this');
    this.#started -= 1;
    if (this.#started === 0) this.#closeAll();
  }

  dispose(): void {
    this.#started = 0;
    this.#closeAll();
  }

  requireStarted(): void {
    if (this.#started === 0)
      throw new Refusal('PEER_E_NOT_INITIALIZED', 'start grouping up before anything else');
  }

  open({ identity, groupPeerName, instance }: OpenGroup): GroupHandle {
    // A shutdown may have come while the group was being created.
    this.requireStarted();
    return this.#handles.add({ identity, groupPeerName, instance });
  }

  /** The handles of this process on a group of an identity. */
  handlesOn(identity: string, groupPeerName: string): readonly GroupHandle[] {
    return [...this.#handles.entries()]
      .filter(([, open]) => open.identity === identity && open.groupPeerName === groupPeerName)
      .map(([handle]) => handle);
  }

  /**
   * What is stored about the group of a handle, read afresh each time: when another process has deleted the group, the
   * handle dies here. PEER_E_INVALID_GROUP then.
   */
  async read(handle: GroupHandle): Promise<StoredGroup> {
    this.requireStarted();
    const group = await this.#check(handle);
    if (group === undefined) throw new Refusal('PEER_E_INVALID_GROUP', 'the group has been deleted');
    // It may have been closed meanwhile.
    this.#handles.get(handle);
    return group;
  }

  /** Calls back, once, when the group of this handle is deleted, by whatever process. */
  whenDeleted(handle: GroupHandle, onDeleted: () => void): Cancel {
    const open = this.#handles.find(handle);
    if (open === undefined) {
      queueMicrotask(onDeleted);
      return () => undefined;
    }
    return this.#deletions.wait(handle, () => this.#groups.directoryOf(open.identity), onDeleted);
  }

  close(handle: GroupHandle): void {
    this.requireStarted();
    this.#handles.get(handle);
    this.forget(handle);
  }

  /** Closes the handle if it is still open. */
  forget(handle: GroupHandle): void {
    this.#handles.remove(handle);
    this.#deletions.forget(handle);
    this.#events.dropGroup(handle);
  }

  /** The group of the handle has been deleted. Its registrations remain for their owner to give back. */
  void(handle: GroupHandle): void {
    if (this.#handles.remove(handle)) this.#deletions.tell(handle);
  }

  /** What is stored about the group; if that is gone, the handle is void. */
  async #check(handle: GroupHandle): Promise<StoredGroup | undefined> {
    const open = this.#handles.get(handle);
    const group = await this.#find(open);
    if (group?.instance === open.instance) return group;
    this.void(handle);
    return undefined;
  }

  async #find({ identity, groupPeerName }: OpenGroup): Promise<StoredGroup | undefined> {
    try {
      return await this.#groups.find(identity, groupPeerName);
    } catch (error) {
      // With the group, its identity may have been deleted.
      if (error instanceof Refusal && error.symbol === 'PEER_E_NOT_FOUND') return undefined;
      throw error;
    }
  }

  #closeAll(): void {
    this.#handles.clear();
    this.#deletions.clear();
    this.#events.clear();
  }
}
