import { fc, test as propertyTest } from '@fast-check/vitest';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { escapeXml, isXmlText, parseXml } from '../../../src/effects/validate/xml.js';

const textOf = (source: string): string | undefined => {
  const root = parseXml(source);
  return E.isRight(root) ? root.right.text : undefined;
};

describe('well-formed documents', () => {
  it.each([
    ['<a/>', ''],
    ['<?xml version="1.0"?>\n<a>text</a>\n', 'text'],
    ['\uFEFF<a></a>', ''],
    ['<a><!-- a <comment> -->text<!----></a>', 'text'],
    ['<a>&lt;&gt;&amp;&quot;&apos;</a>', '<>&"\''],
    ['<a>&#65;&#x42;&#x1F600;</a>', 'AB\u{1f600}'],
    ['<a>one\r\ntwo\rthree&#13;</a>', 'one\ntwo\nthree\r'],
    ['<a>a > b "quoted"</a>', 'a > b "quoted"'],
  ])('%j', (source, text) => {
    expect(textOf(source)).toBe(text);
  });

  it('keep elements and attributes in order', () => {
    expect(parseXml(`<a x = "1" y='&amp;"'><b/>t<c z="">u</c ></a>`)).toEqual(
      E.right({
        name: 'a',
        attributes: new Map([
          ['x', '1'],
          ['y', '&"'],
        ]),
        text: 't',
        children: [
          { name: 'b', attributes: new Map(), children: [], text: '' },
          { name: 'c', attributes: new Map([['z', '']]), children: [], text: 'u' },
        ],
      }),
    );
  });
});

describe('documents that are not', () => {
  it.each([
    '',
    'text',
    '<a>',
    '</a>',
    '<a></b>',
    '<a></a><b/>',
    '<a/>text',
    'text<a/>',
    '<a b/>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a>&</a>',
    '<a>&nbsp;</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<a>\u0001</a>',
    '<a>\ud800</a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<a><![CDATA[x]]></a>',
    '<a><?pi?></a>',
    '<a',
    '<a><!-- </a>',
    '<1/>',
    '< a/>',
    '<a b="1"c="2"/>',
  ])('%j', (source) => {
    expect(E.isLeft(parseXml(source))).toBe(true);
  });

  it('are refused when they are nested deeper than 32', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(E.isRight(parseXml(nested(32)))).toBe(true);
    expect(parseXml(nested(33))).toEqual(E.left(expect.stringContaining('32')));
  });
});

describe('large documents', () => {
  it.each([
    ['text', `<a>${'x'.repeat(2_000_000)}</a>`],
    ['spaces in a tag', `<a${' '.repeat(2_000_000)}`],
    ['attributes', `<a ${Array.from({ length: 20_000 }, (_, index) => `n${index}="v"`).join(' ')}/>`],
    ['a comment', `<a><!--${'-'.repeat(2_000_000)}--></a>`],
    ['siblings', `<a>${'<b/>'.repeat(200_000)}</a>`],
    ['ampersands', `<a>${'&'.repeat(1_000_000)}</a>`],
  ])('with many %s are read or refused in time', (_what, source) => {
    expect(parseXml(source)).toHaveProperty('_tag');
  });
});

propertyTest.prop([fc.string({ unit: 'binary' })])('text survives escaping, or cannot be XML', (text) => {
  const read = textOf(`<a>${escapeXml(text)}</a>`);
  expect(read).toBe(isXmlText(text) ? text : undefined);
});

propertyTest.prop([fc.string()])('any text is read or refused', (source) => {
  expect(parseXml(source)).toHaveProperty('_tag');
});
