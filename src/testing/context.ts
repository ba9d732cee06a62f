import type { Clock } from '../driver/index.js';
import type { CallGate } from './call-gate.js';
import type { FakeNetwork } from './network.js';
import type { Ledger } from './ledger.js';

/** What the families of one fake driver share. */
export interface FakeContext {
  readonly clock: Clock;
  readonly gate: CallGate;
  readonly ledger: Ledger;
  readonly network: FakeNetwork;
  /** A number that this driver has not given out before. */
  readonly nextId: () => bigint;
}
