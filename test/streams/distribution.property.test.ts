import fc from 'fast-check';
import { Subscription } from 'rxjs';
import { expect, it } from 'vitest';
import {
  type DistributionSession,
  type DistributionStatus,
  type Handle,
  liveHandleCount,
  openContent,
  openContentInformation,
  openPublication,
  openSession,
  type PeerEffect,
  readContent,
} from '../../src/effects/index.js';
import type { OperationName, ScriptStep } from '../../src/testing/index.js';
import { distributionStatus, type StatusEvent } from '../../src/streams/index.js';
import { createRig, publishing } from '../effects/rig.js';

/** What may happen to a call of the driver without the driver itself losing something. */
const OPENING: readonly OperationName[] = [
  'distribution.openContent',
  'distribution.publishStream',
  'distribution.openContentInformation',
];
const WATCHING: readonly OperationName[] = [
  'distribution.registerStatusChange',
  'distribution.getStatusInfo',
  'distribution.startup',
];
const CLOSING: readonly OperationName[] = [
  'distribution.closeContent',
  'distribution.closeStream',
  'distribution.closeContentInformation',
  'distribution.unregisterStatusChange',
  'distribution.shutdown',
];

const slot = fc.nat(3);
const delayMs = fc.integer({ min: 1, max: 40 });
const fail = 'ERROR_NOT_ENOUGH_MEMORY';

type Plan = readonly [OperationName, ScriptStep];
const delayed = delayMs.map((ms): ScriptStep => ({ delayMs: ms }));
const late = delayMs.map((ms): ScriptStep => ({ delayMs: ms, ignoreAbort: true }));
const grumbling = fc.nat(40).map((ms): ScriptStep => ({ delayMs: ms, fail, afterWork: true }));
const failing = fc.constant<ScriptStep>({ fail });
const hanging = fc.constant<ScriptStep>({ hang: true });
const plan: fc.Arbitrary<Plan> = fc.oneof(
  fc.tuple(fc.constantFrom(...OPENING), fc.oneof(delayed, late, failing, hanging)),
  fc.tuple(fc.constantFrom(...WATCHING), fc.oneof(delayed, failing)),
  fc.tuple(fc.constantFrom(...CLOSING), fc.oneof(delayed, grumbling)),
);

const action = fc.oneof(
  fc.record({ do: fc.constant('openSession' as const), abort: fc.boolean() }),
  fc.record({ do: fc.constant('closeSession' as const), slot }),
  fc.record({ do: fc.constant('subscribe' as const), slot, twice: fc.boolean() }),
  fc.record({ do: fc.constant('unsubscribe' as const), slot }),
  fc.record({
    do: fc.constant('flip' as const),
    to: fc.constantFrom<DistributionStatus>('available', 'available', 'disabled', 'unavailable'),
  }),
  fc.record({ do: fc.constant('plan' as const), plan }),
  fc.record({
    do: fc.constant('openChild' as const),
    slot,
    kind: fc.constantFrom('content', 'publication stream', 'content information'),
  }),
  fc.record({ do: fc.constant('closeChild' as const), slot }),
  fc.record({ do: fc.constant('useChild' as const), slot }),
  fc.record({ do: fc.constant('abort' as const), slot }),
  fc.record({ do: fc.constant('turn' as const), microtasks: fc.nat(6) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ do: fc.constant('settle' as const) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** Longer than any delay and back-off that a run can gather. */
const LONG_MS = 600_000;

class World {
  readonly rig = createRig();
  /** Those of a run that failed stay open. */
  readonly before = liveHandleCount();
  readonly sessions: DistributionSession[] = [];
  readonly children: { readonly handle: Handle<unknown>; readonly session: DistributionSession }[] = [];
  readonly subscriptions: Subscription[] = [];
  readonly controllers: AbortController[] = [];
  readonly lastStatus = new Map<Subscription, StatusEvent>();
  readonly violations: string[] = [];
  status: DistributionStatus = 'available';
  /** Whether everybody has had the time to notice that the service is available. */
  settled = true;
  doomed = new Set<Handle<unknown>>();
  serial = 0;

  private pending = new Set<Promise<unknown>>();

  async start(): Promise<void> {
    const { session } = await publishing(this.rig, Buffer.from('something to read'));
    this.sessions.push(session);
  }

  launch<A>(effect: PeerEffect<A>, keep: (value: A) => void): void {
    const job = effect(this.rig.env)().then((either) => {
      if (either._tag === 'Right') keep(either.right);
      else if (either.left._tag === 'Defect') this.violations.push(`defect: ${either.left.message}`);
    });
    this.pending.add(job);
    void job.finally(() => this.pending.delete(job));
  }

  perform(step: Action): void | Promise<void> {
    const { fake, clock } = this.rig;
    switch (step.do) {
      case 'openSession': {
        const controller = this.controller();
        this.launch(openSession({ signal: controller.signal }), (session) => this.sessions.push(session));
        if (step.abort) controller.abort();
        return;
      }
      case 'closeSession':
        void this.pick(this.sessions, step.slot)?.close();
        return;
      case 'subscribe': {
        const session = this.pick(this.sessions, step.slot);
        if (session === undefined) return;
        const shared$ = distributionStatus(session);
        this.subscribe(session, shared$);
        if (step.twice) this.subscribe(session, shared$);
        return;
      }
      case 'unsubscribe':
        this.pick(this.subscriptions, step.slot)?.unsubscribe();
        return;
      case 'flip':
        if (this.status === 'available' && step.to !== 'available' && this.settled)
          for (const { handle } of this.children) if (handle.state === 'open') this.doomed.add(handle);
        if (this.status !== step.to) this.settled = false;
        this.status = step.to;
        fake.distribution.setStatus(step.to);
        return;
      case 'plan':
        fake.script(step.plan[0]).once(step.plan[1]);
        return;
      case 'openChild': {
        const session = this.pick(this.sessions, step.slot);
        if (session === undefined) return;
        const { signal } = this.controller();
        const keep = (handle: Handle<unknown>) => this.children.push({ handle, session });
        if (step.kind === 'content') this.launch(openContent(session, {}, { signal }), keep);
        else if (step.kind === 'content information')
          this.launch(openContentInformation(session, { contentId: 'the content' }, { signal }), keep);
        else
          this.launch(openPublication(session, { contentId: `id ${(this.serial += 1)}` }, { signal }), keep);
        return;
      }
      case 'closeChild':
        void this.pick(this.children, step.slot)?.handle.close();
        return;
      case 'useChild': {
        const child = this.pick(this.children, step.slot);
        if (child?.handle.kind === 'content')
          this.launch(readContent(child.handle as never, { maxBytes: 1 }), () => undefined);
        return;
      }
      case 'abort':
        this.pick(this.controllers, step.slot)?.abort();
        return;
      case 'turn':
        return (async () => {
          for (let index = 0; index < step.microtasks; index += 1) await Promise.resolve();
        })();
      case 'advance':
        return clock.advance(step.ms);
      case 'settle':
        return this.quiesce();
    }
  }

  check(): void {
    const { fake } = this.rig;
    const { doubleCloses, earlyCloses, maxStatusRegistrations } = fake.ledger();
    expect(this.violations).toEqual([]);
    expect(doubleCloses).toEqual([]);
    expect(earlyCloses).toEqual([]);
    expect(maxStatusRegistrations).toBeLessThanOrEqual(1);
    // Nothing reaches the driver with a handle that is closed.
    expect(fake.calls.filter(({ outcome }) => outcome === 'ERROR_INVALID_HANDLE')).toEqual([]);
  }

  /** With nothing more to wait for, everybody agrees with the service. */
  async quiesce(): Promise<void> {
    for (const controller of this.controllers) controller.abort();
    await this.rig.clock.advance(LONG_MS);
    expect([...this.pending]).toEqual([]);
    const open = this.children.filter(({ handle }) => handle.state === 'open');
    if (this.status !== 'available') expect(open).toEqual([]);
    for (const [subscription, event] of this.lastStatus)
      if (!subscription.closed) expect(event).toMatchObject({ _tag: 'Status', status: this.status });
    this.settled = this.status === 'available';
    this.doomed = new Set();
  }

  async finish(): Promise<void> {
    const { fake, clock } = this.rig;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    for (const controller of this.controllers) controller.abort();
    await Promise.all(
      [...this.sessions].map((session) => Promise.all([session.close(), clock.advance(LONG_MS)])),
    );
    await clock.advance(LONG_MS);
    for (const session of this.sessions) await session.close();
    this.check();
    const left = Object.entries(fake.ledger().kinds).filter(([, { open }]) => open > 0);
    // The one that the test itself published with.
    expect(left).toMatchObject([['session', { open: 1 }]]);
    expect(fake.ledger().pendingCalls).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(liveHandleCount()).toBe(this.before);
    for (const { handle } of this.children) expect(['closed', 'invalidated']).toContain(handle.state);
  }

  private subscribe(session: DistributionSession, status$: ReturnType<typeof distributionStatus>): void {
    const subscription = new Subscription();
    this.subscriptions.push(subscription);
    const events$ = status$.subscribe({
      next: (event) => {
        this.lastStatus.set(subscription, event);
        if (event._tag === 'Status' && event.status !== 'available') this.checkDoomed(session);
      },
      error: (error: unknown) => {
        if ((error as { _tag?: unknown })._tag !== 'HandleClosed') this.violations.push(String(error));
      },
    });
    events$.add(subscription);
    subscription.add(events$);
  }

  /** Whoever hears of the drop can rely on it that nothing from before is open. */
  private checkDoomed(session: DistributionSession): void {
    for (const child of this.children)
      if (child.session === session && this.doomed.has(child.handle) && child.handle.state === 'open')
        this.violations.push(`a ${child.handle.kind} was still open when the drop was told`);
  }

  private controller(): AbortController {
    const controller = new AbortController();
    this.controllers.push(controller);
    return controller;
  }

  private pick<T>(from: readonly T[], index: number): T | undefined {
    return from[index % Math.max(from.length, 1)];
  }
}

it('keeps every promise about sessions, status and handles under any interleaving', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.start();
      for (const step of steps) {
        await world.perform(step);
        world.check();
      }
      await world.quiesce();
      await world.finish();
    }),
    { numRuns: 400, interruptAfterTimeLimit: 20_000 },
  );
});
