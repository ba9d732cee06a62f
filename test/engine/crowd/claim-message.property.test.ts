import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type ClaimAnswer,
} from '../../../src/engine/distribution/crowd/claim-message.js';
import { SEGMENT } from './rig.js';

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => Buffer.from(one).toString('hex'));
const run = fc.record({
  segment: fc.constantFrom(32, 48, 64).chain(hex),
  first: fc.integer({ min: 0, max: 511 }),
  count: fc.constant(1),
});
const question = fc.record({
  runs: fc.array(run, { minLength: 1, maxLength: 64 }),
  token: hex(8),
  port: fc.integer({ min: 0, max: 65_535 }),
  follows: fc.boolean(),
  holdMs: fc.integer({ min: 0, max: 1_000 }),
});
const answer = fc.oneof(
  fc.record({ _tag: fc.constantFrom('Free', 'Here'), blocks: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ _tag: fc.constant('Claimed'), isFetching: fc.boolean() }),
) as fc.Arbitrary<ClaimAnswer>;

describe('questions and answers of a crowd', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(question, (one) => {
        expect(decodeQuestion(encodeQuestion(one))).toEqual(one);
      }),
    );
    fc.assert(
      fc.property(answer, (one) => {
        expect(decodeAnswer(encodeAnswer(one))).toEqual(one);
      }),
    );
  });

  it('are nothing when they are anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(decodeQuestion(Buffer.from(text))).toBeUndefined();
        expect(decodeAnswer(Buffer.from(text))).toBeUndefined();
      }),
    );
  });

  const valid = { runs: [[SEGMENT, 0, 4]], token: 'a'.repeat(16), port: 80, follows: false, holdMs: 200 };
  it.each([
    ['no runs', { ...valid, runs: [] }],
    ['too many runs', { ...valid, runs: Array.from({ length: 65 }, () => [SEGMENT, 0, 1]) }],
    ['too many blocks', { ...valid, runs: [[SEGMENT, 0, 65]] }],
    ['blocks that a segment has not', { ...valid, runs: [[SEGMENT, 511, 2]] }],
    ['another port', { ...valid, port: 65_536 }],
    ['a part of a block', { ...valid, runs: [[SEGMENT, 0.5, 1]] }],
    ['a long wait', { ...valid, holdMs: 1_001 }],
    ['another token', { ...valid, token: 'a' }],
    ['an id that is none', { ...valid, runs: [['zz', 0, 1]] }],
  ])('have bounds: %s', (_name, wrong) => {
    expect(decodeQuestion(Buffer.from(JSON.stringify(valid)))).toBeDefined();
    expect(decodeQuestion(Buffer.from(JSON.stringify(wrong)))).toBeUndefined();
  });
});
