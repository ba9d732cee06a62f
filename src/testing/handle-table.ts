import type { DriverFault } from '../driver/index.js';
import type { HandleKind, Ledger } from './ledger.js';
import type { OperationName } from './operations.js';

/** The open handles of one kind, with what the driver knows about each. */
export class HandleTable<Handle extends bigint, Entry> {
  readonly #entries = new Map<bigint, Entry>();

  constructor(
    private readonly kind: HandleKind,
    private readonly ledger: Ledger,
    private readonly nextId: () => bigint,
    private readonly stale: (operation: OperationName) => DriverFault,
  ) {}

  open(entry: Entry, parent?: bigint): Handle {
    const id = this.nextId();
    this.#entries.set(id, entry);
    this.ledger.open(this.kind, id, parent);
    return id as Handle;
  }

  /** @throws the stale-handle fault of this kind. */
  find(operation: OperationName, handle: Handle): Entry {
    const entry = this.#entries.get(handle);
    if (entry === undefined) throw this.stale(operation);
    return entry;
  }

  peek(handle: Handle): Entry | undefined {
    return this.#entries.get(handle);
  }

  /** Takes a handle back. @throws the stale-handle fault of this kind, after the ledger has noted it. */
  close(operation: OperationName, handle: Handle): Entry {
    this.ledger.close(handle, operation);
    const entry = this.find(operation, handle);
    this.#entries.delete(handle);
    return entry;
  }

  /** Ends a handle from the driver's side. */
  void(handle: Handle): void {
    this.ledger.void(handle);
    this.#entries.delete(handle);
  }

  *entries(): IterableIterator<readonly [Handle, Entry]> {
    for (const [id, entry] of [...this.#entries]) yield [id as Handle, entry];
  }

  /** Forgets all handles without noting it: the ledger goes on showing that nobody closed them. */
  clear(): void {
    this.#entries.clear();
  }
}
