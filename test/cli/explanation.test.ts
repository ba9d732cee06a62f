import { expect, test } from 'vitest';
import { describeBytes, describeSegments } from '../../src/cli/explanation.js';

const NOTHING = { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 };

test('segments with the same explanation are told together, with its reasons once', () => {
  const alternating = Array.from({ length: 40 }, (_, segment) => ({
    from: segment,
    to: segment + 1,
    sources: [{ source: 'peer', peer: segment % 2 === 0 ? 'a:80' : 'b:80' }] as const,
    reasons:
      segment % 2 === 0 ? [] : ([{ _tag: 'PeerFailed', peer: 'a:80', reason: 'lacks-block' }] as const),
  }));
  const explanation = { bytes: NOTHING, bytesByPeer: {}, reasons: [], segments: alternating };
  expect(describeSegments(explanation)).toEqual([
    'segments 0, 2, 4, 6, 8, 10, 12, 14 and 12 more: from a:80',
    'segments 1, 3, 5, 7, 9, 11, 13, 15 and 12 more: from b:80',
    '  a:80 does not have all of it',
  ]);
});

test('one segment, a run, and one that nobody had', () => {
  const segments = [
    { from: 0, to: 4, sources: [{ source: 'cache' }] as const, reasons: [] },
    { from: 4, to: 5, sources: [], reasons: [{ _tag: 'NoPeerAnswered', waitedMs: 300 }] as const },
  ];
  const reasons = [{ _tag: 'SecretDiffers' }] as const;
  expect(describeSegments({ bytes: NOTHING, bytesByPeer: {}, reasons, segments })).toEqual([
    'peers know these bytes under another server secret',
    'segments 0 to 3: from the cache',
    'segment 4: nothing',
    '  no peer answered in 300 ms',
  ]);
});

test('bytes are told by source and by peer, or not at all', () => {
  const bytes = { ...NOTHING, peer: 2048, origin: 1024 };
  const about = { reasons: [], segments: [] };
  expect(describeBytes({ ...about, bytes, bytesByPeer: { 'a:80': 2048 } })).toEqual([
    'from the origin: 1.0 KiB',
    'from peers: 2.0 KiB',
    '  a:80: 2.0 KiB',
  ]);
  expect(describeBytes({ ...about, bytes: NOTHING, bytesByPeer: {} })).toEqual(['nothing was read']);
});
