import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { Rule } from '../../../src/effects/validate/rule.js';
import { validate } from '../../../src/effects/validate/validate.js';

/** What a rule makes of an input that it must accept. */
export const accepted = <A>(rule: Rule<A>, input: unknown): A => {
  const result = validate(rule, input, 'call');
  if (E.isLeft(result)) expect.fail(result.left.message);
  return result.right;
};

/** The problems of an input that a rule must refuse, each as `path code`. */
export const refused = (rule: Rule<unknown>, input: unknown): readonly string[] => {
  const result = validate(rule, input, 'call');
  if (E.isRight(result)) expect.fail('the input was accepted');
  expect(result.left).toMatchObject({
    _tag: 'BadArgument',
    code: 'PEERWEAVE_BAD_ARGUMENT',
    operation: 'call',
  });
  for (const { path, message } of result.left.problems) {
    expect(message).toMatch(/^(?:must|is|has|lacks|needs|cannot|was) /);
    expect(result.left.message).toContain(path === '' ? message : `${path}: ${message}`);
  }
  return result.left.problems.map(({ path, code }) => `${path} ${code}`.trim());
};

export const NOW = Date.parse('2026-01-02T03:04:05Z');

export const later = (seconds: number): Date => new Date(NOW + seconds * 1000);

export const IDENTITY = `${'0123456789abcdef'.repeat(3).slice(0, 40)}.alice`;
export const GROUP = `${'fedcba9876543210'.repeat(3).slice(0, 40)}.chess`;
export const TYPE = '5ba73bb8-5f9e-4a1b-9d6f-1c5a1f4f3a11';
