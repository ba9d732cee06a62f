import fc from 'fast-check';
import { Subscription } from 'rxjs';
import { expect, it } from 'vitest';
import {
  connectGroup,
  createIdentity,
  getGroupProperties,
  getGroupStatus,
  type GroupEvent,
  liveHandleCount,
  membersOf,
  nextItems,
  openListing,
  type PeerEffect,
  type PeerGroup,
} from '../../src/effects/index.js';
import { coreOf } from '../../src/effects/handle.js';
import { createGroup, groupEvents, openGroup } from '../../src/streams/index.js';
import type { OperationName, ScriptStep } from '../../src/testing/index.js';
import { createRig } from '../effects/rig.js';

const OPENING: readonly OperationName[] = ['grouping.create', 'grouping.open', 'grouping.connect'];
const CALLING: readonly OperationName[] = [
  'grouping.startup',
  'grouping.registerEvents',
  'grouping.getEvents',
  'grouping.getStatus',
  'grouping.enumerateMembers',
  'enumeration.nextItems',
];
const CLOSING: readonly OperationName[] = [
  'grouping.close',
  'grouping.shutdown',
  'grouping.unregisterEvents',
  'enumeration.end',
];

const slot = fc.nat(3);
const delayMs = fc.integer({ min: 1, max: 40 });
const fail = 'E_OUTOFMEMORY';
const delayed = delayMs.map((ms): ScriptStep => ({ delayMs: ms }));
const late = delayMs.map((ms): ScriptStep => ({ delayMs: ms, ignoreAbort: true }));
const grumbling = fc.nat(40).map((ms): ScriptStep => ({ delayMs: ms, fail, afterWork: true }));
const failing = fc.constant<ScriptStep>({ fail });
const hanging = fc.constant<ScriptStep>({ hang: true });
const plan: fc.Arbitrary<readonly [OperationName, ScriptStep]> = fc.oneof(
  fc.tuple(fc.constantFrom(...OPENING), fc.oneof(delayed, late, failing, hanging)),
  fc.tuple(fc.constantFrom(...CALLING), fc.oneof(delayed, failing)),
  fc.tuple(fc.constantFrom(...CLOSING), fc.oneof(delayed, grumbling)),
);

const action = fc.oneof(
  fc.record({
    do: fc.constant('subscribe' as const),
    connect: fc.constantFrom('auto' as const, 'manual' as const),
  }),
  fc.record({ do: fc.constant('reopen' as const), slot }),
  fc.record({ do: fc.constant('unsubscribe' as const), slot }),
  fc.record({ do: fc.constant('closeGroup' as const), slot }),
  fc.record({ do: fc.constant('connect' as const), slot, timeoutMs: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ do: fc.constant('listen' as const), slot }),
  fc.record({ do: fc.constant('leave' as const), slot }),
  fc.record({ do: fc.constant('emit' as const), slot, count: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ do: fc.constant('list' as const), slot, close: fc.boolean() }),
  fc.record({ do: fc.constant('status' as const), slot }),
  fc.record({ do: fc.constant('outcome' as const), silent: fc.boolean() }),
  fc.record({ do: fc.constant('plan' as const), plan }),
  fc.record({ do: fc.constant('turn' as const), microtasks: fc.nat(6) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 50 }) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const EVENT: GroupEvent = { _tag: 'MemberChanged', change: 'joined', identity: 'somebody' };
const LONG_MS = 600_000;

class World {
  readonly rig = createRig();
  /** Those of a run that failed stay open. */
  readonly before = liveHandleCount();
  readonly groups: PeerGroup[] = [];
  readonly names: string[] = [];
  readonly owners: Subscription[] = [];
  readonly listeners: Subscription[] = [];
  readonly violations: string[] = [];
  private readonly pending = new Set<Promise<unknown>>();
  private identity = '';

  async start(): Promise<void> {
    this.identity = await this.rig.run(createIdentity());
  }

  async perform(step: Action): Promise<void> {
    const { fake, clock, env } = this.rig;
    const group = 'slot' in step ? this.pick(this.groups, step.slot) : undefined;
    switch (step.do) {
      case 'subscribe':
        this.own(createGroup({ creatorPeerName: this.identity }, { connect: step.connect })(env));
        break;
      case 'reopen': {
        const groupPeerName = this.pick(this.names, step.slot);
        if (groupPeerName !== undefined)
          this.own(openGroup({ identity: this.identity, groupPeerName }, { connect: 'manual' })(env));
        break;
      }
      case 'unsubscribe':
        this.pick(this.owners, step.slot)?.unsubscribe();
        break;
      case 'closeGroup':
        void group?.close();
        break;
      case 'connect':
        if (group !== undefined) this.launch(connectGroup(group, { timeoutMs: step.timeoutMs }));
        break;
      case 'listen':
        if (group !== undefined) this.listeners.push(groupEvents(group).subscribe({ error: this.onError }));
        break;
      case 'leave':
        this.pick(this.listeners, step.slot)?.unsubscribe();
        break;
      case 'emit':
        if (group?.state === 'open')
          fake.emit(
            coreOf(group, 'group', 'test').assertOpen('test'),
            ...Array<GroupEvent>(step.count).fill(EVENT),
          );
        break;
      case 'list':
        if (group !== undefined)
          this.launch(openListing(membersOf(group)), (listing) => {
            this.launch(nextItems(listing, 1));
            if (step.close) void listing.close();
          });
        break;
      case 'status':
        if (group !== undefined) this.launch(getGroupStatus(group));
        break;
      case 'outcome':
        fake.grouping.setConnectOutcome(step.silent ? 'silent' : 'online');
        break;
      case 'plan':
        fake.script(step.plan[0]).once(step.plan[1]);
        break;
      case 'turn':
        for (let index = 0; index < step.microtasks; index += 1) await Promise.resolve();
        break;
      case 'advance':
        await clock.advance(step.ms);
    }
  }

  check(): void {
    const { fake } = this.rig;
    const { doubleCloses, earlyCloses } = fake.ledger();
    expect(this.violations).toEqual([]);
    expect(doubleCloses).toEqual([]);
    // The startups are only counted: any of them may be the one that a shutdown takes back.
    expect(earlyCloses.filter(({ childKind }) => childKind !== 'group')).toEqual([]);
    // Nothing reaches the driver with a handle that is closed.
    expect(
      fake.calls.filter(({ outcome }) => outcome === 'PEER_E_INVALID_GROUP' || outcome === 'E_INVALIDARG'),
    ).toEqual([]);
    expect(fake.calls.filter(({ outcome }) => outcome === 'PEER_E_NOT_INITIALIZED')).toEqual([]);
  }

  async finish(): Promise<void> {
    const { fake, clock } = this.rig;
    for (const listener of this.listeners) listener.unsubscribe();
    for (const owner of this.owners) owner.unsubscribe();
    await clock.advance(LONG_MS);
    this.check();
    expect(Object.entries(fake.ledger().kinds).filter(([, { open }]) => open > 0)).toEqual([]);
    expect(fake.ledger().pendingCalls).toEqual([]);
    expect([...this.pending]).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(liveHandleCount()).toBe(this.before);
  }

  private own(group$: ReturnType<ReturnType<typeof createGroup>>): void {
    const owner = group$.subscribe({
      next: (group) => {
        this.groups.push(group);
        this.launch(getGroupProperties(group), ({ groupPeerName }) => this.names.push(groupPeerName));
      },
      error: this.onError,
    });
    this.owners.push(owner);
  }

  private launch<A>(effect: PeerEffect<A>, then: (value: A) => void = () => undefined): void {
    const job = effect(this.rig.env)().then((either) => {
      if (either._tag === 'Right') then(either.right);
      else this.onError(either.left);
    });
    this.pending.add(job);
    void job.finally(() => this.pending.delete(job));
  }

  private readonly onError = (error: unknown): void => {
    const { _tag, message } = error as { readonly _tag?: string; readonly message: string };
    if (_tag === undefined || _tag === 'Defect') this.violations.push(message);
  };

  private pick<T>(from: readonly T[], index: number): T | undefined {
    return from[index % Math.max(from.length, 1)];
  }
}

it('keeps every promise about groups, events and listings under any interleaving', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.start();
      for (const step of steps) {
        await world.perform(step);
        world.check();
      }
      await world.finish();
    }),
    { numRuns: 400, interruptAfterTimeLimit: 20_000 },
  );
});
