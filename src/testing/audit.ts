import type { CallGate, CallRecord } from './call-gate.js';
import { HANDLE_KINDS, type Ledger, type LedgerSnapshot } from './ledger.js';

/** The books of a fake driver at one moment. */
export interface FakeLedger extends LedgerSnapshot {
  readonly pendingCalls: readonly CallRecord[];
  /** What is not as it should be at the end of a test, in words. */
  readonly problems: readonly string[];
}

const problemsOf = (snapshot: LedgerSnapshot, pendingCalls: readonly CallRecord[]): readonly string[] => [
  ...HANDLE_KINDS.filter((kind) => snapshot.kinds[kind].open > 0).map(
    (kind) => `${kind}: ${snapshot.kinds[kind].open} of ${snapshot.kinds[kind].opened} still open`,
  ),
  ...snapshot.doubleCloses.map(({ kind, id, operation }) => `${operation} closed ${kind} ${id} twice`),
  ...snapshot.earlyCloses.map(
    ({ parent, child, childKind }) => `${parent} was closed before its ${childKind} ${child}`,
  ),
  ...pendingCalls.map(({ operation, sequence }) => `${operation} (call ${sequence}) is still pending`),
];

export const audit = (ledger: Ledger, gate: CallGate): FakeLedger => {
  const snapshot = ledger.snapshot();
  const pendingCalls = gate.pending;
  return { ...snapshot, pendingCalls, problems: problemsOf(snapshot, pendingCalls) };
};
