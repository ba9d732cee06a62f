import { expect, it } from 'vitest';
import type { ContentExplanation, SegmentExplanation } from '../../src/driver/index.js';
import { mergedExplanation } from '../../src/http/client/merged-explanation.js';

const NOTHING: ContentExplanation = {
  bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 },
  bytesByPeer: {},
  reasons: [],
  segments: [],
};

const saying = (segments: readonly SegmentExplanation[]): ContentExplanation => ({ ...NOTHING, segments });
const run = (from: number, to: number, ...sources: SegmentExplanation['sources']): SegmentExplanation => ({
  from,
  to,
  sources,
  reasons: [],
});

const ORIGIN = { source: 'origin' } as const;
const HOSTED = { source: 'hosted-cache', peer: 'cache:1' } as const;
const LACKING = { _tag: 'PeerFailed', peer: 'peer:1', reason: 'lacks-block' } as const;

it('is none of none, and the same of one', () => {
  expect(mergedExplanation([])).toBeUndefined();
  const one = saying([run(0, 3, ORIGIN)]);
  expect(mergedExplanation([one])).toBe(one);
});

it('has the bytes of both, by source and by peer', () => {
  const one = { bytes: { cache: 1, peer: 2, 'hosted-cache': 0, origin: 4 }, bytesByPeer: { a: 1, b: 1 } };
  const other = {
    bytes: { cache: 10, peer: 20, 'hosted-cache': 30, origin: 0 },
    bytesByPeer: { b: 20, c: 30 },
  };
  expect(
    mergedExplanation([
      { ...NOTHING, ...one },
      { ...NOTHING, ...other },
    ]),
  ).toMatchObject({
    bytes: { cache: 11, peer: 22, 'hosted-cache': 30, origin: 4 },
    bytesByPeer: { a: 1, b: 21, c: 30 },
  });
});

it('has what both say of a segment, and each thing once', () => {
  const one = saying([{ from: 0, to: 4, sources: [ORIGIN], reasons: [LACKING] }]);
  const other = saying([{ from: 0, to: 4, sources: [HOSTED, { ...ORIGIN }], reasons: [{ ...LACKING }] }]);
  expect(mergedExplanation([one, other])?.segments).toEqual([
    { from: 0, to: 4, sources: [ORIGIN, HOSTED], reasons: [LACKING] },
  ]);
});

it('has the reasons of the whole of both once', () => {
  const [one, other] = [
    { ...NOTHING, reasons: [{ _tag: 'SecretDiffers' }] },
    { ...NOTHING, reasons: [{ _tag: 'SecretDiffers' }, { _tag: 'CacheOnly' }] },
  ] as const;
  expect(mergedExplanation([one, other])?.reasons).toEqual([
    { _tag: 'SecretDiffers' },
    { _tag: 'CacheOnly' },
  ]);
});

it.each<[string, SegmentExplanation[], SegmentExplanation[], SegmentExplanation[]]>([
  ['lie apart', [run(0, 2, ORIGIN)], [run(5, 6, HOSTED)], [run(0, 2, ORIGIN), run(5, 6, HOSTED)]],
  ['touch', [run(0, 2, ORIGIN)], [run(2, 6, HOSTED)], [run(0, 2, ORIGIN), run(2, 6, HOSTED)]],
  ['touch and say the same', [run(0, 2, ORIGIN)], [run(2, 6, ORIGIN)], [run(0, 6, ORIGIN)]],
  [
    'lie apart and say the same',
    [run(0, 2, ORIGIN)],
    [run(3, 6, ORIGIN)],
    [run(0, 2, ORIGIN), run(3, 6, ORIGIN)],
  ],
  [
    'overlap',
    [run(0, 4, ORIGIN)],
    [run(2, 6, HOSTED)],
    [run(0, 2, ORIGIN), run(2, 4, ORIGIN, HOSTED), run(4, 6, HOSTED)],
  ],
  [
    'lie within one another',
    [run(0, 9, ORIGIN)],
    [run(2, 3, HOSTED), run(5, 6, HOSTED)],
    [
      run(0, 2, ORIGIN),
      run(2, 3, ORIGIN, HOSTED),
      run(3, 5, ORIGIN),
      run(5, 6, ORIGIN, HOSTED),
      run(6, 9, ORIGIN),
    ],
  ],
])('keeps what is said of every segment where runs %s', (_how, one, other, merged) => {
  expect(mergedExplanation([saying(one), saying(other)])?.segments).toEqual(merged);
});

it('says of every segment what is said of it, whatever the runs', () => {
  const at = (explanation: ContentExplanation | undefined, segment: number): ReadonlySet<string> =>
    new Set(
      explanation?.segments
        .filter(({ from, to }) => from <= segment && segment < to)
        .flatMap(({ sources }) => sources.map((source) => JSON.stringify(source))),
    );
  const SEGMENTS = 40;
  let seed = 1;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const randomRuns = (): SegmentExplanation[] => {
    const runs: SegmentExplanation[] = [];
    for (let from = next(4); from < SEGMENTS;) {
      const to = Math.min(SEGMENTS, from + 1 + next(6));
      runs.push(run(from, to, next(2) === 0 ? ORIGIN : HOSTED));
      from = to + next(4);
    }
    return runs;
  };
  for (let round = 0; round < 200; round += 1) {
    const [one, other] = [saying(randomRuns()), saying(randomRuns())];
    const merged = mergedExplanation([one, other]);
    for (let segment = 0; segment < SEGMENTS; segment += 1) {
      expect(at(merged, segment)).toEqual(new Set([...at(one, segment), ...at(other, segment)]));
    }
    const bounds = merged?.segments.flatMap(({ from, to }) => [from, to]) ?? [];
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
  }
});
