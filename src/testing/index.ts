export type { FakeLedger } from './audit.js';
export type { CallRecord } from './call-gate.js';
export type { DistributionControls, FakeDistribution } from './distribution.js';
export { createFakeDriver, type FakeDriver, type FakeDriverOptions } from './driver.js';
export type { ConnectOutcome } from './group-online.js';
export type { FakeGrouping, GroupingControls } from './grouping.js';
export type {
  DoubleClose,
  EarlyClose,
  HandleKind,
  HandleTally,
  LedgerEntry,
  LedgerSnapshot,
} from './ledger.js';
export { createFakeNetwork, type FakeNetwork } from './network.js';
export type { FaultCode, OperationName } from './operations.js';
export type { OperationScript, ScriptStep } from './script.js';
export { createVirtualClock, VIRTUAL_EPOCH, type VirtualClock } from './virtual-clock.js';
