import {
  Disposal,
  type Clock,
  type DistributionStatus,
  type Driver,
  type GroupEvent,
  type GroupHandle,
  type SupportFinding,
} from '../driver/index.js';
import { audit, type FakeLedger } from './audit.js';
import { CallGate, type CallRecord } from './call-gate.js';
import type { FakeContext } from './context.js';
import { createDistribution, type FakeDistribution } from './distribution.js';
import { createEnumeration } from './enumeration.js';
import { createGrouping, type FakeGrouping, type GroupingFamily } from './grouping.js';
import { createIdentity } from './identity.js';
import { Ledger } from './ledger.js';
import { createFakeNetwork, type FakeNetwork } from './network.js';
import type { OperationName } from './operations.js';
import { Script, type OperationScript } from './script.js';
import { createVirtualClock } from './virtual-clock.js';

/** What a fake driver is made of; all of it has defaults. */
export interface FakeDriverOptions {
  /** Where the time comes from. A virtual clock of its own by default, which never moves. */
  readonly clock?: Clock | undefined;
  /** Whether groups can go online; true by default. */
  readonly canConnect?: boolean | undefined;
  /** The clouds that groups may name, the default one first. */
  readonly clouds?: readonly string[] | undefined;
  /** The distribution status at the start; `available` by default. */
  readonly status?: DistributionStatus | undefined;
  /** Shared with other fake drivers that are to find this one; a network of its own by default. */
  readonly network?: FakeNetwork | undefined;
}

/** A whole driver in memory, for tests: see {@link createFakeDriver}. */
export interface FakeDriver extends Driver {
  readonly name: 'fake';
  readonly grouping: FakeGrouping;
  readonly distribution: FakeDistribution;
  readonly clock: Clock;
  readonly network: FakeNetwork;
  /**
   * Plans what happens to coming calls of an operation, such as `distribution.startup`. Calls without a plan do their
   * work.
   */
  script(operation: OperationName): OperationScript;
  /** Sends events to everybody who has registered for them in this group, as if the system had. */
  emit(group: GroupHandle, ...events: readonly GroupEvent[]): void;
  /**
   * Takes the service behind a family away: calls other than closes are answered with PEER_E_SERVICE_NOT_AVAILABLE or
   * PEERDIST_ERROR_SERVICE_UNAVAILABLE, and the distribution status drops to unavailable.
   */
  loseService(family: 'grouping' | 'distribution'): void;
  /** Gives it back. */
  restoreService(family: 'grouping' | 'distribution'): void;
  /** Every call so far, in the order of calling. */
  readonly calls: readonly CallRecord[];
  /** What was handed out and given back so far. */
  ledger(): FakeLedger;
  /**
   * @throws an Error that lists handles still open, double closes, parents closed before their children, armed
   *   registrations and pending calls, if there are any.
   */
  assertClean(): void;
}

const DEFAULT_CLOUDS = ['Global_', 'LinkLocal_ff00::%1/8'] as const;

/**
 * Makes a deterministic driver for tests: no real timer, no randomness, no network, no disk.
 *
 * Calls settle in microtasks unless a script delays them. Names, keys and ids depend only on the order of the calls in
 * its network. Content information, invitations and exports are made-up formats of its own; nothing in them is secret.
 * It answers with the codes that Windows documents, wrapped in a `DriverFault`. `assertClean` at the end of a
 * test finds what was not given back; `dispose` ends calls that hang.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const driver = createFakeDriver();
 * const peers = createPeerweave({ driver });
 * driver.script('identity.create').fail('PEER_E_NO_KEY_ACCESS');
 * const refused = await peers.effects.createIdentity({ classifier: 'alice' })();
 * console.log(refused._tag === 'Left' ? refused.left._tag : refused.right); // AccessDenied
 * driver.assertClean();
 * ```
 */
export const createFakeDriver = (options: FakeDriverOptions = {}): FakeDriver => {
  const {
    clock = createVirtualClock(),
    canConnect = true,
    clouds = DEFAULT_CLOUDS,
    status = 'available',
    network = createFakeNetwork(),
  } = options;
  const script = new Script();
  const ledger = new Ledger();
  const disposal = new Disposal();
  const gate = new CallGate(clock, script, disposal);
  let lastId = 0n;
  const nextId = (): bigint => (lastId += 1n);
  const context: FakeContext = { clock, gate, ledger, network, nextId };

  const enumeration = createEnumeration(context);
  const identity = createIdentity(context, enumeration, (owner) => grouping.groupsOf(owner));
  const grouping: GroupingFamily = createGrouping(context, identity, enumeration, clouds, canConnect);
  const distribution = createDistribution(context, `fake-${network.nextSerial()}`, status);
  const report = (): FakeLedger => audit(ledger, gate);

  return {
    name: 'fake',
    grouping: grouping.driver,
    identity: identity.driver,
    enumeration: enumeration.driver,
    distribution: distribution.driver,
    clock,
    network,
    support: async () => ({ driver: 'fake', findings: FINDINGS }),
    disposal,
    dispose: () =>
      disposal.run(async () => {
        gate.dispose();
        grouping.clear();
        identity.clear();
        enumeration.clear();
        distribution.clear();
      }),
    script: (operation) => script.for(operation),
    emit: (group, ...events) => grouping.emit(group, events),
    loseService: (family) => {
      gate.setLost(family, true);
      if (family === 'distribution') distribution.driver.setStatus('unavailable', 'the service was lost');
    },
    restoreService: (family) => {
      gate.setLost(family, false);
      if (family === 'distribution') distribution.driver.setStatus('available');
    },
    get calls() {
      return gate.records;
    },
    ledger: report,
    assertClean: () => {
      const { problems } = report();
      if (problems.length > 0) throw new Error(`The fake driver is not clean:\n- ${problems.join('\n- ')}`);
    },
  };
};

const FINDINGS: readonly SupportFinding[] = [
  { subject: 'fake driver', ok: true, detail: 'works everywhere: all of it is in memory' },
];
