import { describe, expect, it } from 'vitest';
import { classifier, cloud, comment, friendlyName, peerName } from '../../../src/effects/validate/names.js';
import { accepted, GROUP, IDENTITY, refused } from './check.js';

const AUTHORITY = IDENTITY.slice(0, 40);

describe('a peer name', () => {
  it.each([
    IDENTITY,
    GROUP,
    '0.unsecured',
    AUTHORITY,
    `${AUTHORITY}.`,
    `${AUTHORITY}.a.b é\n`,
    `${AUTHORITY}.${'x'.repeat(149)}`,
  ])('may be %j', (name) => {
    expect(accepted(peerName, name)).toBe(name);
  });

  it.each([
    ['', 'length'],
    ['alice', 'format'],
    ['0', 'format'],
    ['0.', 'format'],
    [AUTHORITY.toUpperCase(), 'format'],
    [`${AUTHORITY.slice(1)}.alice`, 'format'],
    [`${AUTHORITY}.${'x'.repeat(150)}`, 'length'],
    [`${AUTHORITY}.a\0b`, 'character'],
    [7, 'type'],
    [undefined, 'required'],
  ])('must not be %j', (name, code) => {
    expect(refused(peerName, name)).toEqual([code]);
  });
});

describe.each([
  ['classifier', classifier, 1, 149],
  ['friendlyName', friendlyName, 0, 255],
  ['comment', comment, 0, 255],
  ['cloud', cloud, 1, 126],
] as const)('%s', (_name, rule, least, most) => {
  it(`has ${least} to ${most} characters`, () => {
    expect(accepted(rule, 'x'.repeat(least))).toHaveLength(least);
    expect(accepted(rule, 'x'.repeat(most))).toHaveLength(most);
    expect(refused(rule, 'x'.repeat(most + 1))).toEqual(['length']);
    if (least > 0) expect(refused(rule, '')).toEqual(['length']);
  });

  it('has no NUL and no half characters', () => {
    expect(refused(rule, 'a\0')).toEqual(['character']);
    expect(refused(rule, 'a\ud83d')).toEqual(['character']);
    expect(accepted(rule, 'a\u{1f600}é')).toBe('a\u{1f600}é');
  });
});
