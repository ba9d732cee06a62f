import { fc, test as propertyTest } from '@fast-check/vitest';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { fileTimeFromDate } from '../../../src/driver/index.js';
import { recordCreation, recordUpdate } from '../../../src/effects/validate/record.js';
import {
  parseRecordAttributes,
  recordAttributes,
  type RecordAttribute,
} from '../../../src/effects/validate/record-attributes.js';
import { isXmlText } from '../../../src/effects/validate/xml.js';
import { accepted, IDENTITY, later, NOW, refused, TYPE } from './check.js';

const record = { type: TYPE, expires: later(3600), data: Uint8Array.of(1, 2, 3) };
const creation = recordCreation(NOW);
const MIB = 1024 * 1024;

describe('a record', () => {
  it('needs type, expiry and data', () => {
    expect(accepted(creation, record)).toEqual({
      ...record,
      expires: fileTimeFromDate(record.expires),
      attributes: undefined,
      autoRefresh: undefined,
    });
    expect(refused(creation, {})).toEqual(['type required', 'expires required', 'data required']);
  });

  it.each(['00000100', '00000200', '00000300', '00000400', '01000000', '02000000'])(
    'must not have the reserved type %s',
    (group) => {
      const type = `${group}-0000-0000-0000-000000000000`;
      expect(refused(creation, { ...record, type })).toEqual(['type forbidden']);
      expect(refused(creation, { ...record, type: `{${type}}` })).toEqual(['type forbidden']);
    },
  );

  it.each([
    [new Date(NOW), 'range'],
    [later(-1), 'range'],
    [new Date(NaN), 'range'],
    [fileTimeFromDate(new Date(NOW)), 'range'],
    [-1n, 'range'],
    [1n << 63n, 'range'],
    [new Date('1600-01-01'), 'range'],
    [NOW + 1000, 'type'],
    ['2030-01-01', 'type'],
  ])('must not expire at %s', (expires, code) => {
    expect(refused(creation, { ...record, expires })).toEqual([`expires ${code}`]);
  });

  it('keeps the ticks of a FILETIME', () => {
    const expires = fileTimeFromDate(later(60)) + 7n;
    expect(accepted(creation, { ...record, expires }).expires).toBe(expires);
  });

  it('lasts 240 s or more if it is refreshed automatically', () => {
    expect(accepted(creation, { ...record, expires: later(240), autoRefresh: true }).autoRefresh).toBe(true);
    expect(accepted(creation, { ...record, expires: later(1), autoRefresh: false }).autoRefresh).toBe(false);
    expect(refused(creation, { ...record, expires: later(239.999), autoRefresh: true })).toEqual([
      'expires range',
    ]);
  });

  it('has 60 MiB at most, the attributes at two bytes a character', () => {
    const attributes = '<attributes></attributes>';
    const data = new Uint8Array(60 * MIB - attributes.length * 2);
    expect(accepted(creation, { ...record, attributes, data }).data).toBe(data);
    expect(refused(creation, { ...record, attributes: `${attributes} `, data })).toEqual(['data length']);
    expect(refused(creation, { ...record, data: new Uint8Array(60 * MIB + 1) })).toEqual(['data length']);
  });

  it('tells all its faults at once', () => {
    expect(
      refused(creation, { type: 'x', expires: later(0), attributes: '<a/>', autoRefresh: 1, data: 'text' }),
    ).toEqual(['type format', 'expires range', 'attributes format', 'autoRefresh type', 'data type']);
  });
});

describe('an update', () => {
  const read = {
    ...record,
    id: '00112233-4455-6677-8899-aabbccddeeff',
    version: 3,
    autoRefresh: false,
    deleted: false,
    creatorId: IDENTITY,
    modifiedById: undefined,
    attributes: undefined,
    created: fileTimeFromDate(later(-60)),
    modified: undefined,
  };

  it('may be what was read', () => {
    expect(accepted(recordUpdate(NOW), read).version).toBe(3);
  });

  it('must not delete', () => {
    expect(refused(recordUpdate(NOW), { ...read, deleted: true })).toEqual(['deleted forbidden']);
  });
});

describe('attributes', () => {
  it('are written as the schema of record attributes asks', () => {
    expect(
      accepted(recordAttributes, [
        { name: 'title', value: 'Fish & <Chips>' },
        { name: 'count', value: -7 },
        { name: 'big', value: 2n ** 64n },
        { name: 'when', value: new Date('2026-01-02T03:04:05.678Z') },
      ]),
    ).toBe(
      '<attributes>' +
        '<attribute name="title" type="string">Fish &amp; &lt;Chips&gt;</attribute>' +
        '<attribute name="count" type="int">-7</attribute>' +
        '<attribute name="big" type="int">18446744073709551616</attribute>' +
        '<attribute name="when" type="date">2026-01-02T03:04:05.678Z</attribute>' +
        '</attributes>',
    );
  });

  it.each([
    '<attributes/>',
    '<?xml version="1.0"?> <attributes xmlns="urn:x">\n <attribute name="a" type="string"> </attribute>\n</attributes>',
    "<attributes><attribute type='date' name='a'>2026-01</attribute><attribute name='a' type='int'>+1</attribute></attributes>",
  ])('may be the XML %s, which stays as it is', (xml) => {
    expect(accepted(recordAttributes, xml)).toBe(xml);
  });

  it.each([
    ['', ['format']],
    ['<attribute/>', ['format']],
    ['<attributes>loose</attributes>', ['format']],
    ['<attributes><other/></attributes>', ['[0] format']],
    ['<attributes><attribute/></attributes>', ['[0].name required', '[0] format']],
    ['<attributes><attribute name="a" type="int">x</attribute></attributes>', ['[0] format']],
    ['<attributes><attribute name="a" type="date">2026-13-01</attribute></attributes>', ['[0] format']],
    ['<attributes><attribute name="a" type="float">1</attribute></attributes>', ['[0] format']],
    ['<attributes><attribute name="a-b" type="int">1</attribute></attributes>', ['[0].name format']],
    ['<attributes><attribute name="peercreatorid" type="string"/></attributes>', ['[0].name forbidden']],
    ['<attributes><attribute name="a" type="string"><b/></attribute></attributes>', ['[0] format']],
  ])('must not be the XML %s', (xml, problems) => {
    expect(refused(recordAttributes, xml)).toEqual(problems);
  });

  it.each([
    [[{ name: '', value: 1 }], ['[0].name format']],
    [[{ name: 'x'.repeat(41), value: 1 }], ['[0].name format']],
    [[{ name: 'é', value: 1 }], ['[0].name format']],
    [[{ name: 'peerrecordid', value: 'x' }], ['[0].name forbidden']],
    [[{ name: 'a', value: 1.5 }], ['[0].value range']],
    [[{ name: 'a', value: 2 ** 60 }], ['[0].value range']],
    [[{ name: 'a', value: '\u0007' }], ['[0].value character']],
    [[{ name: 'a', value: new Date(NaN) }], ['[0].value range']],
    [
      [{ name: 'a', value: null }, {}],
      ['[0].value type', '[1].name required', '[1].value required'],
    ],
  ])('must not be the list %j', (list, problems) => {
    expect(refused(recordAttributes, list)).toEqual(problems);
  });

  it('that the system filled in can be read', () => {
    expect(
      parseRecordAttributes(
        '<attributes><attribute name="peerrecordid" type="string">x</attribute></attributes>',
      ),
    ).toEqual(E.right([{ name: 'peerrecordid', value: 'x' }]));
    expect(parseRecordAttributes('<x/>')).toMatchObject({ left: { _tag: 'BadArgument' } });
  });

  const attribute: fc.Arbitrary<RecordAttribute> = fc.record({
    name: fc.stringMatching(/^[0-9A-Za-z]{1,40}$/),
    value: fc.oneof(
      fc.string({ unit: 'binary' }).filter(isXmlText),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 60n }),
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    ),
  });

  propertyTest.prop([fc.array(attribute)])('are read back as they were written', (attributes) => {
    const read = parseRecordAttributes(accepted(recordAttributes, attributes));
    // XML knows no negative zero.
    expect(read).toEqual(
      E.right(attributes.map(({ name, value }) => ({ name, value: value === 0 ? 0 : value }))),
    );
  });
});
