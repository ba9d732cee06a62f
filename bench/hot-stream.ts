/**
 * Group events from a driver through `groupEvents` to ten subscribers, against a bare RxJS Subject with ten.
 *
 *     node bench/run.mjs hot-stream [millions of events] [rounds]
 *
 * The driver is a stub that always has the next batch ready: what is measured is registering, draining, the bounded
 * queue and the sharing. An event counts once, however many subscribers it reaches.
 */
import { Subject } from 'rxjs';
import {
  createEnv,
  createGroup,
  type Driver,
  type GroupEvent,
  orThrow,
  type PeerEnv,
  type PeerGroup,
} from '../src/effects/index.js';
import { groupEvents } from '../src/streams/index.js';
import { createFakeDriver } from '../src/testing/index.js';

const [millions = '5', rounds = '5'] = process.argv.slice(2);
const EVENTS = Math.round(Number(millions) * 1e6);
const SUBSCRIBERS = 10;
/** Events of one signal: what a busy network brings between two turns of the event loop. */
const BURST = 2_048;
const TARGET_PER_SECOND = 500_000;

const event: GroupEvent = { _tag: 'MemberChanged', change: 'updated', identity: 'someone' };

/** The fake driver with an event source that costs next to nothing. */
const stubDriver = (): { readonly driver: Driver; readonly run: () => void } => {
  const fake = createFakeDriver();
  let signal = (): void => undefined;
  let waiting = 0;
  const batches = new Map<number, readonly GroupEvent[]>();
  const batchOf = (size: number): readonly GroupEvent[] => {
    const known = batches.get(size) ?? new Array<GroupEvent>(size).fill(event);
    batches.set(size, known);
    return known;
  };
  const driver: Driver = {
    ...fake,
    grouping: {
      ...fake.grouping,
      registerEvents: async (group, registrations, onSignal) => {
        signal = onSignal;
        return fake.grouping.registerEvents(group, registrations, () => undefined);
      },
      getEvents: async (_, max) => {
        const size = Math.min(waiting, max);
        waiting -= size;
        return batchOf(size);
      },
    },
  };
  const run = (): void => {
    let left = EVENTS;
    const burst = (): void => {
      const size = Math.min(BURST, left);
      left -= size;
      waiting += size;
      signal();
      if (left > 0) setImmediate(burst);
    };
    burst();
  };
  return { driver, run };
};

/** Ten subscribers that count; resolves when each has had every event. */
class Audience {
  readonly done: Promise<void>;
  lost = 0;
  #missing = EVENTS * SUBSCRIBERS;
  #finish!: () => void;

  constructor() {
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  readonly hear = (heard: { readonly _tag: string; readonly count?: number }): void => {
    const count = heard._tag === 'Dropped' ? (heard.count ?? 0) : 1;
    if (heard._tag === 'Dropped') this.lost += count;
    this.#missing -= count;
    if (this.#missing === 0) this.#finish();
  };
}

const perSecond = async (start: () => void, { done }: Audience): Promise<number> => {
  const begin = process.hrtime.bigint();
  start();
  await done;
  return EVENTS / (Number(process.hrtime.bigint() - begin) / 1e9);
};

const bareSubject = async (): Promise<number> => {
  const audience = new Audience();
  const source$ = new Subject<GroupEvent>();
  for (let index = 0; index < SUBSCRIBERS; index += 1) source$.subscribe(audience.hear);
  return perSecond(() => {
    for (let index = 0; index < EVENTS; index += 1) source$.next(event);
  }, audience);
};

const openGroup = async (env: PeerEnv): Promise<PeerGroup> => {
  const creatorPeerName = await env.driver.identity.create({});
  return orThrow(await createGroup({ creatorPeerName })(env)());
};

const hotStream = async (): Promise<{ readonly rate: number; readonly lost: number }> => {
  const { driver, run } = stubDriver();
  await using group = await openGroup(createEnv({ driver }));
  const audience = new Audience();
  const events$ = groupEvents(group);
  const subscriptions = Array.from({ length: SUBSCRIBERS }, () => events$.subscribe(audience.hear));
  await new Promise((resolve) => setImmediate(resolve));
  const rate = await perSecond(run, audience);
  for (const subscription of subscriptions) subscription.unsubscribe();
  return { rate, lost: audience.lost };
};

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const bare: number[] = [];
const hot: number[] = [];
let lost = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  bare.push(await bareSubject());
  const result = await hotStream();
  hot.push(result.rate);
  lost += result.lost;
}

const line = (name: string, rate: number, more = ''): string =>
  `${name.padEnd(24)}${(rate / 1e6).toFixed(2).padStart(8)} M events/s${more}`;
console.log(`${EVENTS} events to ${SUBSCRIBERS} subscribers, median of ${rounds} rounds`);
console.log(line('bare Subject', middle(bare)));
console.log(
  line('groupEvents', middle(hot), `  ratio ${(middle(hot) / middle(bare)).toFixed(2)}, ${lost} lost`),
);
if (middle(hot) < TARGET_PER_SECOND || lost > 0) {
  console.error(`below the target of ${TARGET_PER_SECOND} events a second without a loss`);
  process.exitCode = 1;
}
