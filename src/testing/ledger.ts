/** Everything a driver hands out that somebody has to give back. */
export const HANDLE_KINDS = [
  'grouping',
  'group',
  'group-events',
  'direct-connection',
  'enumeration',
  'identity-key',
  'session',
  'status-registration',
  'stream',
  'content-information',
  'content',
] as const;

/** A kind of thing that a driver hands out; `grouping` is a startup of grouping. */
export type HandleKind = (typeof HANDLE_KINDS)[number];

/** How many of one kind there were and are. */
export interface HandleTally {
  readonly opened: number;
  /** Given back by its owner. */
  readonly closed: number;
  /** Ended by the driver, such as the handles of a deleted group; closing one afterwards is no double close. */
  readonly voided: number;
  readonly open: number;
}

/** One opening or ending, in the order they happened. */
export interface LedgerEntry {
  readonly action: 'open' | 'close' | 'void';
  readonly kind: HandleKind;
  readonly id: bigint;
  /** The handle it was opened from. */
  readonly parent: bigint | undefined;
}

/** A second close of the same handle, and the call that did it. */
export interface DoubleClose {
  readonly kind: HandleKind;
  readonly id: bigint;
  readonly operation: string;
}

/** A parent that was closed while a child was open. */
export interface EarlyClose {
  readonly parent: bigint;
  readonly child: bigint;
  readonly childKind: HandleKind;
}

/** The state of the books at one moment. */
export interface LedgerSnapshot {
  readonly kinds: Readonly<Record<HandleKind, HandleTally>>;
  /** All openings and closings in their order. */
  readonly log: readonly LedgerEntry[];
  readonly doubleCloses: readonly DoubleClose[];
  readonly earlyCloses: readonly EarlyClose[];
  /** Most registrations that were armed at the same time in one session. */
  readonly maxStatusRegistrations: number;
}

interface Holding {
  readonly kind: HandleKind;
  readonly parent: bigint | undefined;
  state: 'open' | 'closed' | 'void';
}

/** Counts what a driver hands out and takes back. */
export class Ledger {
  readonly #holdings = new Map<bigint, Holding>();
  readonly #open = new Map<bigint, Holding>();
  readonly #log: LedgerEntry[] = [];
  readonly #doubleCloses: DoubleClose[] = [];
  readonly #earlyCloses: EarlyClose[] = [];
  #maxStatusRegistrations = 0;

  open(kind: HandleKind, id: bigint, parent?: bigint): void {
    const holding: Holding = { kind, parent, state: 'open' };
    this.#holdings.set(id, holding);
    this.#open.set(id, holding);
    this.#log.push({ action: 'open', kind, id, parent });
    if (kind === 'status-registration')
      this.#maxStatusRegistrations = Math.max(this.#maxStatusRegistrations, this.#siblings(kind, parent));
  }

  /** Notes a close, also of something that is no longer open; an id that was never opened is not noted. */
  close(id: bigint, operation: string): void {
    const holding = this.#holdings.get(id);
    if (holding === undefined) return;
    if (holding.state === 'closed') {
      this.#doubleCloses.push({ kind: holding.kind, id, operation });
      return;
    }
    if (holding.state === 'open') this.#end(id, holding, 'close');
    holding.state = 'closed';
  }

  /** Notes that the driver itself ended something. */
  void(id: bigint): void {
    const holding = this.#open.get(id);
    if (holding === undefined) return;
    this.#end(id, holding, 'void');
    holding.state = 'void';
  }

  snapshot(): LedgerSnapshot {
    return {
      kinds: Object.fromEntries(HANDLE_KINDS.map((kind) => [kind, this.#tally(kind)])) as Record<
        HandleKind,
        HandleTally
      >,
      log: [...this.#log],
      doubleCloses: [...this.#doubleCloses],
      earlyCloses: [...this.#earlyCloses],
      maxStatusRegistrations: this.#maxStatusRegistrations,
    };
  }

  #end(id: bigint, { kind, parent }: Holding, action: 'close' | 'void'): void {
    this.#open.delete(id);
    this.#log.push({ action, kind, id, parent });
    if (action === 'void') return;
    for (const [child, { kind: childKind, parent: of }] of this.#open)
      if (of === id) this.#earlyCloses.push({ parent: id, child, childKind });
  }

  #siblings(kind: HandleKind, parent: bigint | undefined): number {
    return [...this.#open.values()].filter((other) => other.kind === kind && other.parent === parent).length;
  }

  #tally(kind: HandleKind): HandleTally {
    const count = (action: LedgerEntry['action']): number =>
      this.#log.filter((entry) => entry.kind === kind && entry.action === action).length;
    const [opened, closed, voided] = [count('open'), count('close'), count('void')];
    return { opened, closed, voided, open: opened - closed - voided };
  }
}
