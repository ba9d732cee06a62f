import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { SegmentReason, SegmentSource } from '../../../src/driver/index.js';
import {
  MOST_EXPLANATIONS,
  MOST_FACTS,
  SegmentLog,
} from '../../../src/engine/distribution/insight/segment-log.js';

const SEGMENTS = 12;
const PEERS = ['10.0.0.1:80', '10.0.0.2:80'] as const;

const source: fc.Arbitrary<SegmentSource> = fc.oneof(
  fc.constantFrom<SegmentSource>({ source: 'cache' }, { source: 'origin' }),
  fc.record({ source: fc.constantFrom('peer', 'hosted-cache'), peer: fc.constantFrom(...PEERS) }),
);
const reason: fc.Arbitrary<SegmentReason> = fc.oneof(
  fc.constantFrom<SegmentReason>({ _tag: 'NoPeerKnown' }, { _tag: 'NoPeerAnswered', waitedMs: 300 }),
  fc.record({
    _tag: fc.constant('PeerFailed'),
    peer: fc.constantFrom(...PEERS),
    reason: fc.constantFrom('lacks-block', 'wrong-bytes', 'struck-out'),
  }),
);
const fact = fc.record({
  segment: fc.nat({ max: SEGMENTS - 1 }),
  what: fc.oneof(fc.record({ source }), fc.record({ reason })),
});

const asText = (facts: Iterable<object>): string[] => [...facts].map((one) => JSON.stringify(one)).sort();

describe('the log of where segments came from', () => {
  test.prop([fc.array(fact, { maxLength: 60 })])(
    'says for each segment what a list of all facts says, whatever their order',
    (facts) => {
      const log = new SegmentLog(SEGMENTS);
      const expected = Array.from({ length: SEGMENTS }, () => new Set<string>());
      for (const { segment, what } of facts) {
        if ('source' in what) log.cameFrom(segment, what.source);
        else log.failed(segment, what.reason);
        expected[segment]?.add(JSON.stringify('source' in what ? what.source : what.reason));
      }
      const runs = log.runs();
      const said = Array.from({ length: SEGMENTS }, (_, segment) => {
        const covering = runs.filter(({ from, to }) => from <= segment && segment < to);
        expect(covering.length).toBeLessThanOrEqual(1);
        return covering.flatMap(({ sources, reasons }) => asText([...sources, ...reasons]));
      });
      expect(said).toEqual(expected.map((one) => [...one].sort()));
      for (const [at, run] of runs.slice(1).entries()) {
        const before = runs[at];
        if (before?.to !== run.from) continue;
        // Neighbours that say the same are one run.
        expect(asText([...before.sources, ...before.reasons])).not.toEqual(
          asText([...run.sources, ...run.reasons]),
        );
      }
    },
  );

  it('is bounded, however many peers fail in however many ways', () => {
    const segments = 3 * MOST_EXPLANATIONS;
    const log = new SegmentLog(segments);
    for (let segment = 0; segment < segments; segment += 1) {
      log.failed(segment, { _tag: 'PeerFailed', peer: `10.0.0.1:${segment}`, reason: 'unreachable' });
    }
    for (let port = 0; port < 2 * MOST_FACTS; port += 1) {
      log.failed(0, { _tag: 'PeerFailed', peer: `10.0.0.2:${port}`, reason: 'unreachable' });
      log.cameFrom(segments - 1, { source: 'origin' });
    }
    const runs = log.runs();
    expect(runs.length).toBeLessThan(MOST_EXPLANATIONS);
    for (const { sources, reasons } of runs) {
      expect(sources.length + reasons.length).toBeLessThanOrEqual(MOST_FACTS);
    }
    // What was known first is kept.
    expect(runs[0]?.reasons[0]).toMatchObject({ peer: '10.0.0.1:0' });
  });

  it('gives as many runs as are wanted, the first ones', () => {
    const log = new SegmentLog(100);
    for (let segment = 0; segment < 100; segment += 2) log.cameFrom(segment, { source: 'origin' });
    expect(log.runs()).toHaveLength(50);
    expect(log.runs(3).map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it('says once what holds for a million segments', () => {
    const log = new SegmentLog(1_000_000);
    for (let segment = 0; segment < 1_000_000; segment += 1) log.cameFrom(segment, { source: 'origin' });
    expect(log.runs()).toEqual([{ from: 0, to: 1_000_000, sources: [{ source: 'origin' }], reasons: [] }]);
  });
});
