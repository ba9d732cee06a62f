import { beforeEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../src/testing/index.js';
import { encodeAnswer, type ClaimAnswer } from '../../../src/engine/distribution/crowd/claim-message.js';
import { PeerFault } from '../../../src/engine/distribution/retrieval/peer-fault.js';
import type { Meet, Waiting } from '../../../src/engine/distribution/crowd/member.js';
import { BLOCKS, machine, SEGMENT, type Behaviour, type Network, type VirtualClock } from './rig.js';

let clock: VirtualClock;
let network: Network;

beforeEach(() => {
  clock = createVirtualClock();
  network = new Map();
});

/** Lets time pass until it settles. @returns what it came to, and after how many milliseconds. */
const settled = async <Value>(
  promise: Promise<Value>,
): Promise<{ readonly value: Value; readonly ms: number }> => {
  const begun = clock.now();
  let outcome: { readonly value: Value } | undefined;
  promise.then(
    (value) => (outcome = { value }),
    () => undefined,
  );
  for (let turn = 0; turn < 2_000; turn += 1) {
    await clock.advance(turn === 0 ? 0 : 5);
    if (outcome !== undefined) return { ...outcome, ms: clock.now() - begun };
  }
  throw new Error('it does not settle');
};

const saying =
  (answer: ClaimAnswer): Behaviour =>
  (_, { onAnswer }) =>
    queueMicrotask(() => onAnswer(encodeAnswer(answer)));

describe('a machine that is alone', () => {
  it('fetches all at once', async () => {
    const { claim } = machine(clock, network, 1, 'a');
    expect(await settled(claim(3, []))).toEqual({ value: { _tag: 'Granted', to: BLOCKS }, ms: 0 });
  });

  it('lets two readers of one content share', async () => {
    const one = machine(clock, network, 1, 'a');
    expect((await settled(one.claim(0, []))).value._tag).toBe('Granted');
    const other = one.join('b').claimBlocks({
      from: 0,
      to: BLOCKS,
      peers: () => [],
      deadline: clock.now() + 950,
      signal: new AbortController().signal,
    });
    await clock.advance(50);
    one.fetched(0);
    expect((await settled(other)).value).toEqual({ _tag: 'Elsewhere', peer: undefined, blocks: 1 });
  });
});

describe('of machines that ask at the same time', () => {
  it('the one with the lowest number fetches, and the others get it from there', async () => {
    const all = ['c', 'a', 'b'].map((token, index) => machine(clock, network, index + 1, token));
    const peers = all.map(({ peer }) => peer);
    const claims = all.map(({ claim, peer }) =>
      claim(
        0,
        peers.filter((other) => other !== peer),
      ),
    );
    const [, first] = all;
    expect((await settled(claims[1]!)).value).toEqual({ _tag: 'Granted', to: 4 });
    await clock.advance(100);
    first!.fetched(0, 1);
    for (const claim of [claims[0]!, claims[2]!]) {
      expect((await settled(claim)).value).toEqual({ _tag: 'Elsewhere', peer: first!.peer, blocks: 2 });
    }
  });

  it('never two fetch the same, whatever each asks for when', async () => {
    const all = Array.from({ length: 4 }, (_, index) =>
      machine(clock, network, index + 1, String(9 - index)),
    );
    const peers = all.map(({ peer }) => peer);
    const fetchedBy = new Map<number, number>();
    const run = async (one: (typeof all)[number], index: number): Promise<void> => {
      const others = peers.filter((_, other) => other !== index);
      for (let block = 0; block < 40;) {
        const outcome = await one.claim(block, others);
        const to = outcome._tag === 'Granted' ? outcome.to : block + outcome.blocks;
        for (; block < to; block += 1) {
          if (outcome._tag === 'Elsewhere') {
            one.here.add(block);
            one.member.delivered(outcome.peer ?? '');
            continue;
          }
          expect(fetchedBy.get(block)).toBeUndefined();
          fetchedBy.set(block, index);
          await new Promise<void>((resolve) => void clock.schedule(7 + index, resolve));
          one.fetched(block);
        }
      }
    };
    await settled(Promise.all(all.map(run)));
    expect(fetchedBy.size).toBeGreaterThanOrEqual(40);
  });

  it('it is enough that one knows the other', async () => {
    const known = machine(clock, network, 1, 'b');
    const knowing = machine(clock, network, 2, 'a');
    expect((await settled(known.claim(0, []))).value._tag).toBe('Granted');
    const claim = knowing.claim(0, [known.peer]);
    await clock.advance(20);
    expect(known.member.met).toEqual([knowing.peer]);
    known.fetched(0);
    expect((await settled(claim)).value).toMatchObject({ _tag: 'Elsewhere', peer: known.peer });
  });
});

describe('waiting for a neighbour', () => {
  const claimAs = (one: ReturnType<typeof machine>, peer: string, waitings: Waiting[]) =>
    one.member.claimBlocks({
      from: 0,
      to: BLOCKS,
      peers: () => [peer],
      deadline: clock.now() + 950,
      signal: new AbortController().signal,
      onWaited: (waiting) => waitings.push(waiting),
    });

  it('is told of when the block is there', async () => {
    const first = machine(clock, network, 1, 'a');
    const other = machine(clock, network, 2, 'b');
    await settled(first.claim(0, []));
    const waitings: Waiting[] = [];
    const claim = claimAs(other, first.peer, waitings);
    await clock.advance(100);
    expect(waitings).toEqual([]);
    first.fetched(0);
    await settled(claim);
    expect(waitings).toEqual([{ peer: first.peer, waitedMs: expect.any(Number) as number, isThere: true }]);
    expect(waitings[0]!.waitedMs).toBeGreaterThanOrEqual(90);
  });

  it('is told of when it was in vain', async () => {
    const one = machine(clock, network, 1, 'a');
    network.set('127.0.0.1:9', saying({ _tag: 'Claimed', isFetching: true }));
    const waitings: Waiting[] = [];
    await settled(claimAs(one, '127.0.0.1:9', waitings));
    expect(waitings.length).toBeGreaterThan(0);
    for (const waiting of waitings) expect(waiting).toMatchObject({ peer: '127.0.0.1:9', isThere: false });
  });
});

describe('looking for others that want the same', () => {
  const ID = Buffer.from(SEGMENT, 'hex');
  /** Tells of somebody after a while, and ends after another one. */
  const telling =
    (peer: string | undefined, ms: number): Meet =>
    (_segments, met) =>
      new Promise((resolve) => {
        clock.schedule(ms, () => {
          if (peer !== undefined) met(peer);
        });
        clock.schedule(300, resolve);
      });

  it('is done once, and lets the machine be found until it leaves', () => {
    const asked: (readonly string[])[] = [];
    const one = machine(clock, network, 1, 'a', (segments) => {
      asked.push(segments.map(({ id }) => Buffer.from(id).toString('hex')));
      return Promise.resolve();
    });
    expect(one.crowd.fetches(ID)).toBe(false);
    one.member.lookAround(3);
    one.member.lookAround(4);
    expect(asked).toEqual([[SEGMENT]]);
    expect(one.crowd.fetches(ID)).toBe(true);
    expect(one.crowd.fetches(Buffer.alloc(32))).toBe(false);
    one.member.leave();
    expect(one.crowd.fetches(ID)).toBe(false);
  });

  it('makes two acquainted that nobody has told of each other', async () => {
    const one = machine(clock, network, 1, 'a', telling('127.0.0.1:2', 60));
    const other = machine(clock, network, 2, 'b', telling('127.0.0.1:1', 70));
    for (const { member } of [one, other]) member.lookAround(0);
    const claims = [one, other].map((each) => each.claim(0, () => each.member.met));
    expect((await settled(claims[0]!)).value).toEqual({ _tag: 'Granted', to: 4 });
    one.fetched(0);
    expect((await settled(claims[1]!)).value).toEqual({ _tag: 'Elsewhere', peer: one.peer, blocks: 1 });
  });

  it('is waited for as long as others may answer, if nobody is known', async () => {
    const one = machine(clock, network, 1, 'a', telling(undefined, 0));
    one.member.lookAround(0);
    await clock.advance(100);
    expect(await settled(one.claim(0, []))).toEqual({ value: { _tag: 'Granted', to: BLOCKS }, ms: 200 });
    expect((await settled(one.claim(4, []))).ms).toBe(0);
  });

  it('takes nobody’s time if the search for peers took as long', async () => {
    const one = machine(clock, network, 1, 'a', telling(undefined, 0));
    one.member.lookAround(0);
    await clock.advance(300);
    expect(await settled(one.claim(0, []))).toEqual({ value: { _tag: 'Granted', to: BLOCKS }, ms: 0 });
  });

  it('is not waited for if somebody is known', async () => {
    const one = machine(clock, network, 1, 'a', telling(undefined, 0));
    const other = machine(clock, network, 2, 'b');
    one.member.lookAround(0);
    expect(await settled(one.claim(0, [other.peer]))).toEqual({
      value: { _tag: 'Granted', to: 4 },
      ms: 0,
    });
  });

  it('costs no more than the waiting for neighbours may, whatever comes of it', async () => {
    const one = machine(clock, network, 1, 'a', () => new Promise(() => undefined));
    one.member.lookAround(0);
    const { value, ms } = await settled(one.claim(0, []));
    expect(value._tag).toBe('Granted');
    expect(ms).toBeLessThanOrEqual(1_000);
    expect((await settled(one.claim(4, []))).ms).toBe(0);
    one.member.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a neighbour that is of no use is waited for at most a second', () => {
  it.each<[string, Behaviour]>([
    ['it says nothing', () => undefined],
    ['it fetches for ever', saying({ _tag: 'Claimed', isFetching: true })],
    ['it is about to fetch for ever', saying({ _tag: 'Claimed', isFetching: false })],
    [
      'it goes away',
      (_, { onFailure }) => queueMicrotask(() => onFailure(new PeerFault('gone', 'unreachable'))),
    ],
    [
      'it talks nonsense',
      (_, { onAnswer }) => queueMicrotask(() => onAnswer(Buffer.from('{"_tag":"Claimed"}'))),
    ],
    [
      'it is Windows',
      (_, { onFailure }) => queueMicrotask(() => onFailure(new PeerFault('answered HTTP status 404'))),
    ],
  ])('%s', async (_name, behave) => {
    const one = machine(clock, network, 1, 'a');
    network.set('127.0.0.1:9', behave);
    const first = await settled(one.claim(0, ['127.0.0.1:9']));
    expect(first.value._tag).toBe('Granted');
    expect(first.ms).toBeLessThanOrEqual(1_000);
    expect((await settled(one.claim(4, ['127.0.0.1:9']))).ms).toBe(0);
    one.member.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  it('it stalls: its own machine says so', async () => {
    const stalled = machine(clock, network, 1, 'a');
    const other = machine(clock, network, 2, 'b');
    await settled(stalled.claim(0, []));
    await clock.advance(1_001);
    const { value, ms } = await settled(other.claim(0, [stalled.peer]));
    expect(value._tag).toBe('Granted');
    expect(ms).toBe(0);
  });

  it('it always goes first and fetches nothing', async () => {
    const one = machine(clock, network, 1, 'f');
    network.set('127.0.0.1:9', (message, { onAnswer }) => {
      const { runs } = JSON.parse(message.toString()) as { readonly runs: unknown };
      const question = { runs, token: '0'.repeat(16), port: 9, follows: false, holdMs: 0 };
      void one.crowd
        .answer(Buffer.from(JSON.stringify(question)), '127.0.0.1')
        .then(() => onAnswer(encodeAnswer({ _tag: 'Free', blocks: 1 })));
    });
    const { value, ms } = await settled(one.claim(0, ['127.0.0.1:9']));
    expect(value._tag).toBe('Granted');
    expect(ms).toBeLessThanOrEqual(1_000);
  });

  it('sixteen of them together, as well', async () => {
    const one = machine(clock, network, 1, 'a');
    const liars = Array.from({ length: 16 }, (_, index) => `127.0.0.1:${index + 100}`);
    for (const liar of liars) network.set(liar, saying({ _tag: 'Claimed', isFetching: true }));
    let waited = 0;
    for (let block = 0; block < 64;) {
      const { value, ms } = await settled(one.claim(block, liars));
      waited += ms;
      if (value._tag !== 'Granted') throw new Error('nobody has it');
      for (; block < value.to; block += 1) one.fetched(block);
    }
    expect(waited).toBeLessThanOrEqual(1_000);
  });
});

describe('nothing is left', () => {
  it('of a claim that is given up: no timer, and nobody waits for it', async () => {
    const one = machine(clock, network, 1, 'a');
    const other = machine(clock, network, 2, 'b');
    network.set('127.0.0.1:9', () => undefined);
    const ending = new AbortController();
    const claim = one.claim(0, ['127.0.0.1:9'], ending.signal);
    claim.catch(() => undefined);
    await clock.advance(0);
    ending.abort(new Error('not wanted any more'));
    await expect(claim).rejects.toThrow('not wanted any more');
    expect(one.member.claim).toBeUndefined();
    expect(await settled(other.claim(0, [one.peer]))).toMatchObject({ value: { _tag: 'Granted' }, ms: 0 });
    one.member.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  it('of answers that are held back when the content is closed', async () => {
    const one = machine(clock, network, 1, 'a');
    const other = machine(clock, network, 2, 'b');
    await settled(one.claim(0, []));
    const claim = other.claim(0, [one.peer]);
    await clock.advance(30);
    one.member.leave();
    expect((await settled(claim)).value._tag).toBe('Granted');
    other.member.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  it('of answers that are held back when the service goes down', async () => {
    const one = machine(clock, network, 1, 'a');
    const other = machine(clock, network, 2, 'b');
    await settled(one.claim(0, []));
    other.claim(0, [one.peer]).catch(() => undefined);
    await clock.advance(30);
    one.crowd.close();
    other.member.leave();
    other.crowd.close();
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });
});
