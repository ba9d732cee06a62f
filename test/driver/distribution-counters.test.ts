import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  addCounters,
  CounterFold,
  hitRatio,
  MOST_PEERS_COUNTED,
  performanceCounters,
  type ContentHandle,
  type DistributionEvent,
} from '../../src/driver/index.js';

const peer = fc.constantFrom('10.0.0.1:80', '[fe80::1]:1337', 'host.example:8080');
const bytes = fc.nat({ max: 65_536 });
const block = { segment: fc.constant('ab'), block: fc.nat({ max: 511 }) };
const content = fc.constant(1n as ContentHandle);
const tag = <Tag extends DistributionEvent['_tag']>(name: Tag): fc.Arbitrary<Tag> => fc.constant(name);

const event: fc.Arbitrary<DistributionEvent> = fc.oneof(
  fc.record({
    _tag: tag('SourceChosen'),
    content,
    ...block,
    bytes,
    source: fc.constantFrom('cache', 'origin'),
  }),
  fc.record({
    _tag: tag('SourceChosen'),
    content,
    ...block,
    bytes,
    source: fc.constantFrom('peer', 'hosted-cache'),
    peer,
  }),
  fc.record({ _tag: tag('BlockRequestSent'), peer, ...block }),
  fc.record({ _tag: tag('BlockVerified'), peer, ...block, bytes }),
  fc.record({ _tag: tag('BlockRejected'), peer, ...block, reason: fc.constant('wrong-bytes' as const) }),
  fc.record({ _tag: tag('PeerStruckOut'), peer, forMs: fc.nat({ max: 600_000 }) }),
  fc.record({ _tag: tag('BlockResponseSent'), peer, ...block, bytes }),
  fc.record({ _tag: tag('RequestRefused'), peer, reason: fc.constant('busy' as const) }),
  fc.record({
    _tag: tag('DiscoveryResponseReceived'),
    peer,
    version: fc.constant(1 as const),
    segments: fc.constant([]),
  }),
);
const events = fc.array(event, { maxLength: 80 });

/** The sum of something over the events that have it. */
const sum = (all: readonly DistributionEvent[], of: (one: DistributionEvent) => number): number =>
  all.reduce((total, one) => total + of(one), 0);
const one = (name: DistributionEvent['_tag']) => (each: DistributionEvent) => (each._tag === name ? 1 : 0);

const fold = (all: readonly DistributionEvent[], from = 0) => {
  const counters = new CounterFold();
  all.forEach((each, index) => counters.add(each, from + index));
  return counters.counters();
};

describe('counters', () => {
  test.prop([events])('are sums over the events', (all) => {
    const counters = fold(all);
    const chosen = (source: string) =>
      sum(all, (each) => (each._tag === 'SourceChosen' && each.source === source ? each.bytes : 0));
    expect(counters).toMatchObject({
      bytesFromLocalCache: chosen('cache'),
      bytesFromPeers: chosen('peer'),
      bytesFromHostedCache: chosen('hosted-cache'),
      bytesFromOrigin: chosen('origin'),
      bytesServed: sum(all, (each) => (each._tag === 'BlockResponseSent' ? each.bytes : 0)),
      blockRequestsSent: sum(all, one('BlockRequestSent')),
      blocksVerified: sum(all, one('BlockVerified')),
      blocksRejected: sum(all, one('BlockRejected')),
      strikeOuts: sum(all, one('PeerStruckOut')),
      blocksServed: sum(all, one('BlockResponseSent')),
      requestsRefused: sum(all, one('RequestRefused')),
      discoveryResponses: sum(all, one('DiscoveryResponseReceived')),
    });
  });

  test.prop([events])('of machines add up to those of all of them', (all) => {
    const { peers, clients, ...totals } = fold(all);
    const verified = sum(all, (each) => (each._tag === 'BlockVerified' ? each.bytes : 0));
    expect(Object.values(peers).reduce((total, each) => total + each.bytesReceived, 0)).toBe(verified);
    expect(Object.values(peers).reduce((total, each) => total + each.strikeOuts, 0)).toBe(totals.strikeOuts);
    const served = Object.values(clients).reduce((total, each) => total + each.bytesServed, 0);
    expect(served).toBe(totals.bytesServed);
  });

  test.prop([events, events])('of two services are those of all their events', (first, second) => {
    const together = addCounters([fold(first), fold(second, first.length)]);
    expect(together).toEqual(fold([...first, ...second]));
  });

  test.prop([events])('tell the share of what did not come from the origin', (all) => {
    const counters = fold(all);
    const read = sum(all, (each) => (each._tag === 'SourceChosen' ? each.bytes : 0));
    const ratio = hitRatio(counters);
    if (read === 0) expect(ratio).toBeUndefined();
    else expect((ratio ?? 0) * read).toBeCloseTo(read - counters.bytesFromOrigin, 5);
    const { 'Bytes from Cache': cached = 0, 'Bytes from Server': origin = 0 } = performanceCounters(counters);
    expect(cached + origin).toBe(read);
  });

  it('do not change once they are given out', () => {
    const counting = new CounterFold();
    const before = counting.counters();
    counting.add({ _tag: 'BlockVerified', peer: 'a:1', segment: 'ab', block: 0, bytes: 5 }, 1);
    const between = counting.counters();
    counting.add({ _tag: 'BlockVerified', peer: 'a:1', segment: 'ab', block: 0, bytes: 7 }, 2);
    expect(before.blocksVerified).toBe(0);
    expect(between.peers['a:1']?.bytesReceived).toBe(5);
  });

  it('keep the machines heard of last, a client by its host', () => {
    const counting = new CounterFold();
    for (let index = 0; index < 2 * MOST_PEERS_COUNTED; index += 1) {
      const block = { segment: 'ab', block: 0, bytes: 1 };
      counting.add({ _tag: 'BlockVerified', peer: `10.0.0.1:${index}`, ...block }, index);
      counting.add({ _tag: 'BlockVerified', peer: 'steady:80', ...block }, index);
      counting.add({ _tag: 'BlockResponseSent', peer: `10.0.0.2:${index}`, ...block }, index);
    }
    const { peers, clients } = counting.counters();
    expect(Object.keys(peers)).toHaveLength(MOST_PEERS_COUNTED);
    expect(peers['steady:80']?.bytesReceived).toBe(2 * MOST_PEERS_COUNTED);
    expect(peers[`10.0.0.1:${2 * MOST_PEERS_COUNTED - 1}`]).toBeDefined();
    expect(clients).toEqual({
      '10.0.0.2': {
        bytesServed: 2 * MOST_PEERS_COUNTED,
        requestsRefused: 0,
        seenAt: 2 * MOST_PEERS_COUNTED - 1,
      },
    });
  });
});
