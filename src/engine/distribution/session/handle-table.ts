import { win32Fault, type DriverHandle } from '../../../driver/index.js';
import { PendingOperations } from './pending-operations.js';

/** What a handle stands for. `release` is called once: when it is closed, or before that when it becomes void. */
export interface Held {
  release(): Promise<void>;
}

interface Entry<Resource> {
  readonly resource: Resource;
  readonly operations: PendingOperations;
  /** Set when the handle is void; it then waits only for being closed. */
  released?: Promise<void>;
}

/**
 * The handles of one kind in one session. A handle is a number that is never used twice, so one that is closed, or
 * belongs to another session, is simply not found.
 */
export class HandleTable<Handle extends DriverHandle<string>, Resource extends Held> {
  readonly #entries = new Map<bigint, Entry<Resource>>();
  readonly #nextHandle: () => bigint;

  constructor(nextHandle: () => bigint) {
    this.#nextHandle = nextHandle;
  }

  add(resource: Resource): Handle {
    return this.open(() => resource);
  }

  /** Adds what needs to know the number it stands behind. */
  open(create: (handle: Handle) => Resource): Handle {
    const handle = this.#nextHandle() as Handle;
    this.#entries.set(handle, { resource: create(handle), operations: new PendingOperations() });
    return handle;
  }

  /** Everything behind handles that can be used. */
  usable(): Resource[] {
    return [...this.#entries.values()]
      .filter(({ released }) => released === undefined)
      .map(({ resource }) => resource);
  }

  /** Does something with what the handle stands for. It ends when the handle is closed, cancelled or made void. */
  async run<Result>(
    operation: string,
    handle: Handle,
    signal: AbortSignal | undefined,
    work: (resource: Resource, signal: AbortSignal) => Promise<Result>,
    discard?: (late: Result) => void | Promise<void>,
  ): Promise<Result> {
    const { resource, operations } = this.#usable(operation, handle);
    return operations.run(operation, signal, (inner) => work(resource, inner), discard);
  }

  /** Ends what is pending on a handle; the handle stays. */
  cancel(operation: string, handle: Handle): void {
    this.#usable(operation, handle).operations.end('ERROR_OPERATION_ABORTED');
  }

  /** Ends what is pending and gives the handle back; the only thing that a void handle is still good for. */
  async close(operation: string, handle: Handle): Promise<void> {
    const entry = this.#find(operation, handle);
    this.#entries.delete(handle);
    await (entry.released ?? release(entry, 'ERROR_OPERATION_ABORTED'));
  }

  /** Makes all handles void. What was pending is rejected before this returns. */
  async invalidate(): Promise<void> {
    await Promise.all(
      [...this.#entries.values()].map((entry) => {
        entry.released ??= release(entry, 'PEERDIST_ERROR_INVALIDATED');
        return entry.released;
      }),
    );
  }

  /** Closes all handles. */
  async closeAll(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => entry.released ?? release(entry, 'ERROR_OPERATION_ABORTED')));
  }

  #usable(operation: string, handle: Handle): Entry<Resource> {
    const entry = this.#find(operation, handle);
    if (entry.released !== undefined) {
      throw win32Fault(operation, 'PEERDIST_ERROR_INVALIDATED', {
        reason: 'the service has not been available all the time since this handle was opened; close it',
      });
    }
    return entry;
  }

  #find(operation: string, handle: Handle): Entry<Resource> {
    const entry = this.#entries.get(handle);
    if (entry === undefined) {
      throw win32Fault(operation, 'ERROR_INVALID_HANDLE', {
        reason: 'the handle is closed, or is not of this kind or session',
      });
    }
    return entry;
  }
}

/** Teardown does not fail: what cannot be released any more is gone already. */
const release = async (
  entry: Entry<Held>,
  symbol: Parameters<PendingOperations['end']>[0],
): Promise<void> => {
  entry.operations.end(symbol);
  await entry.operations.settled();
  await entry.resource.release().catch(() => undefined);
};
