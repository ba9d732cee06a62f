import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  and,
  clause,
  literal,
  or,
  recordSearch,
  type SearchCriterion,
} from '../../../src/effects/validate/record-search.js';
import { isXmlText } from '../../../src/effects/validate/xml.js';
import { accepted, refused } from './check.js';

/** What the reference says of wildcards, as a regular expression. */
const matcher = (pattern: string): RegExp => {
  const source = pattern.replace(
    /\\([\\*?])|([*?])|([^\\*?])/gsu,
    (_all: string, escaped?: string, wild?: string, plain?: string) => {
      if (wild !== undefined) return wild === '*' ? '.*' : '.';
      return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    },
  );
  return new RegExp(`^${source}$`, 'su');
};

describe('a search', () => {
  it('is written as the schema of record searches asks', () => {
    const criterion = and(
      clause('title', 'equal', 'Fish & *'),
      or(clause('count', 'greaterorequal', 7), clause('when', 'less', new Date('2026-01-02T03:04:05Z'))),
    );
    expect(accepted(recordSearch, criterion)).toBe(
      '<peersearch><and>' +
        '<clause attrib="title" type="string" compare="equal">Fish &amp; *</clause>' +
        '<or><clause attrib="count" type="int" compare="greaterorequal">7</clause>' +
        '<clause attrib="when" type="date" compare="less">2026-01-02T03:04:05.000Z</clause></or>' +
        '</and></peersearch>',
    );
  });

  it('may ask for what the system fills in', () => {
    expect(accepted(recordSearch, clause('peercreatorid', 'equal', '*'))).toContain('peercreatorid');
  });

  it.each([
    '<peersearch><clause attrib="a" type="string">x</clause></peersearch>',
    '<peersearch xmlns="urn:x">\n<or><clause attrib="a" type="int" compare="less">1</clause></or>\n</peersearch>',
    String.raw`<peersearch><clause attrib="a" type="string" compare="equal">\*\?\\*?</clause></peersearch>`,
  ])('may be the XML %s, which stays as it is', (xml) => {
    expect(accepted(recordSearch, xml)).toBe(xml);
  });

  it.each([
    ['', ['format']],
    ['<search/>', ['format']],
    ['<peersearch/>', ['format']],
    ['<peersearch><and/></peersearch>', ['and length']],
    ['<peersearch><not/></peersearch>', ['not format']],
    ['<peersearch>x<clause attrib="a" type="int">1</clause></peersearch>', ['format']],
    ['<peersearch><clause attrib="a" type="int">1</clause><or/></peersearch>', ['format']],
    ['<peersearch><clause attrib="a" type="int">x</clause></peersearch>', ['clause format']],
    ['<peersearch><clause attrib="a_b" type="int">1</clause></peersearch>', ['clause.attrib format']],
    [
      '<peersearch><clause attrib="a" type="int" compare="like">1</clause></peersearch>',
      ['clause.compare unknown'],
    ],
    [String.raw`<peersearch><clause attrib="a" type="string">\n</clause></peersearch>`, ['clause format']],
    [
      '<peersearch><or><and/><clause/></or></peersearch>',
      ['or[0].and length', 'or[1].clause.attrib required', 'or[1].clause format'],
    ],
  ])('must not be the XML %s', (xml, problems) => {
    expect(refused(recordSearch, xml)).toEqual(problems);
  });

  it.each([
    [and(), ['criteria length']],
    [clause('a b', 'equal', 1), ['attribute format']],
    [{ _tag: 'Clause', attribute: 'a', compare: 'like', value: {} }, ['compare unknown', 'value type']],
    [clause('a', 'equal', 'back\\slash'), ['value format']],
    [
      or(clause('a', 'equal', 1), and(clause('', 'equal', '\u0001'))),
      ['criteria[1].criteria[0].attribute format', 'criteria[1].criteria[0].value character'],
    ],
    [{ _tag: 'Not' }, ['type']],
    [7, ['type']],
  ])('must not be %j', (criterion, problems) => {
    expect(refused(recordSearch, criterion)).toEqual(problems);
  });

  it('may be nested as deep as its XML may, not for ever', () => {
    const nested = (depth: number): SearchCriterion =>
      depth === 1 ? clause('a', 'equal', 1) : and(nested(depth - 1));
    const deepest = accepted(recordSearch, nested(31));
    expect(accepted(recordSearch, deepest)).toBe(deepest);
    expect(refused(recordSearch, nested(32))[0]).toMatch(/length$/);
    const loop = { _tag: 'And', criteria: [] as unknown[] };
    loop.criteria.push(loop);
    expect(refused(recordSearch, loop)[0]).toMatch(/length$/);
  });
});

describe('literal', () => {
  propertyTest.prop([fc.string({ unit: 'binary' }).filter((text) => isXmlText(text)), fc.string()])(
    'makes a pattern that only the text itself meets',
    (text, other) => {
      const pattern = literal(text);
      expect(matcher(pattern).test(text)).toBe(true);
      expect(matcher(pattern).test(other)).toBe(other === text);
      expect(accepted(recordSearch, clause('a', 'equal', pattern))).toContain('<clause');
    },
  );
});
