import type {
  EventRegistration,
  GroupEvent,
  GroupEventKind,
  GroupEventsHandle,
  GroupHandle,
} from '../../driver/index.js';
import { HandleTable, type HandleSource } from './handles.js';
import { Refusal } from './refusal.js';

interface Listener {
  readonly group: GroupHandle;
  readonly kinds: ReadonlySet<GroupEventKind>;
  readonly onSignal: () => void;
  /** Has one waiting at most: PropertyChanged, which says no more when it is repeated. */
  waiting: GroupEvent[];
}

const FILTERED: readonly GroupEventKind[] = ['RecordChanged', 'IncomingData'];

/** Event registrations. While no group is online, a change of properties is all that can happen. */
export class GroupEvents {
  readonly #listeners: HandleTable<GroupEventsHandle, Listener>;

  constructor(next: HandleSource) {
    this.#listeners = new HandleTable(next, 'E_INVALIDARG');
  }

  register(
    group: GroupHandle,
    registrations: readonly EventRegistration[],
    onSignal: () => void,
  ): GroupEventsHandle {
    if (registrations.length === 0) throw new Refusal('E_INVALIDARG', 'register for one event or more');
    const misplaced = registrations.find(({ kind, type }) => type !== undefined && !FILTERED.includes(kind));
    if (misplaced !== undefined)
      throw new Refusal('E_INVALIDARG', `${misplaced.kind} cannot be narrowed to a type`);
    const kinds = new Set(registrations.map(({ kind }) => kind));
    return this.#listeners.add({ group, kinds, onSignal, waiting: [] });
  }

  /** Tells everybody who registered for it through one of these handles. */
  propertyChanged(groups: readonly GroupHandle[]): void {
    for (const [handle, listener] of this.#listeners.entries()) {
      if (!groups.includes(listener.group) || !listener.kinds.has('PropertyChanged')) continue;
      listener.waiting = [{ _tag: 'PropertyChanged' }];
      queueMicrotask(() => {
        if (this.#listeners.has(handle)) listener.onSignal();
      });
    }
  }

  take(handle: GroupEventsHandle, max: number): readonly GroupEvent[] {
    if (!Number.isSafeInteger(max) || max < 1) throw new Refusal('E_INVALIDARG', 'ask for one event or more');
    return this.#listeners.get(handle).waiting.splice(0, max);
  }

  unregister(handle: GroupEventsHandle): void {
    if (!this.#listeners.remove(handle))
      throw new Refusal('E_INVALIDARG', 'this registration has ended or was never made');
  }

  /** Ends the registrations that were made through a handle which is closing. */
  dropGroup(group: GroupHandle): void {
    for (const [handle, listener] of [...this.#listeners.entries()])
      if (listener.group === group) this.#listeners.remove(handle);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
