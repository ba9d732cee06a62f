import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  decodeDiscoveryMessage,
  encodeProbe,
  encodeProbeMatch,
  type ProbeMatchFields,
} from '../../../src/engine/distribution/discovery/wire/index.js';
import vectors from '../../fixtures/branchcache-vectors.json' with { type: 'json' };

/** An example of MS-PCCRD as it is printed. */
const printed = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/ws-discovery/${name}.xml`, import.meta.url));

/** The same without the line breaks of the print. */
const onOneLine = (name: string): string =>
  printed(name)
    .toString('utf8')
    .replaceAll(/=\s+"/g, '="')
    .replaceAll(/\s*([<>])\s*/g, '$1')
    .replaceAll(/\s+/g, ' ');

const { pccrd } = vectors;
const PROBE_ID = 'urn:uuid:91528b47-b96d-4e30-981f-308c0586926f';
const LONG_ID = Buffer.concat([Buffer.from([2]), Buffer.alloc(63)]);
const V2_ID = Buffer.from('23be1a0100000000301d1a0100000000410041004400790067004d004d003100', 'hex');
const V2_SEGMENT = { id: V2_ID, scope: V2_ID.toString('hex').toUpperCase() };
const HOST = { host: '157.59.141.183', port: 54_321 };

const match = (found: ProbeMatchFields['found']): ProbeMatchFields => ({
  messageId: 'urn:uuid:7f4b09a3-96c9-4170-9eb3-1c805a52f444',
  relatesTo: PROBE_ID,
  endpoint: 'urn:uuid:87A89944-0230-43a5-AC4E-FAB1386C8E2C',
  instanceId: 1_218_765_447,
  messageNumber: 4,
  addresses: [HOST],
  found,
});
const LONG_SCOPE = LONG_ID.toString('hex');

describe('the examples of the specification', () => {
  test('a version-1 Probe', () => {
    expect(decodeDiscoveryMessage(printed('probe-v1'))).toEqual({
      _tag: 'Probe',
      version: 1,
      messageId: PROBE_ID,
      segments: [{ id: LONG_ID, scope: LONG_SCOPE }],
    });
    expect(encodeProbe({ version: 1, messageId: PROBE_ID, ids: [LONG_ID] }).toString()).toBe(
      onOneLine('probe-v1'),
    );
  });

  test('a version-2 Probe', () => {
    expect(decodeDiscoveryMessage(printed('probe-v2'))).toEqual({
      _tag: 'Probe',
      version: 2,
      messageId: PROBE_ID,
      segments: [V2_SEGMENT, V2_SEGMENT],
    });
    expect(encodeProbe({ version: 2, messageId: PROBE_ID, ids: [V2_ID, V2_ID] }).toString()).toBe(
      onOneLine('probe-v2'),
    );
  });

  test('a version-1 ProbeMatch', () => {
    const found = { version: 1 as const, segments: [{ id: LONG_ID, scope: LONG_SCOPE, blocks: 0x2a }] };
    expect(decodeDiscoveryMessage(printed('probe-match-v1'))).toEqual({
      _tag: 'ProbeMatch',
      relatesTo: PROBE_ID,
      addresses: [HOST],
      found,
    });
    expect(encodeProbeMatch(match(found)).toString()).toBe(onOneLine('probe-match-v1'));
  });

  test('a version-2 ProbeMatch: 40 whole segments, two of them with their ages', () => {
    const ages = [
      { segment: 0, milliseconds: 600_000 },
      { segment: 2, milliseconds: 600_000 },
    ];
    const segments = Array<'all'>(40).fill('all');
    expect(decodeDiscoveryMessage(printed('probe-match-v2'))).toEqual({
      _tag: 'ProbeMatch',
      relatesTo: PROBE_ID,
      addresses: [HOST],
      found: { version: 2, segments, ages },
    });
    expect(encodeProbeMatch(match({ version: 2, segments, ages })).toString()).toBe(
      onOneLine('probe-match-v2'),
    );
  });
});

describe('messages that Microsoft’s test-suite code writes', () => {
  const scope = pccrd.v1_scope_text;
  const id = Buffer.from(scope, 'hex');

  test('a Probe, also with the byte order mark that it puts in front', () => {
    const probe = {
      _tag: 'Probe',
      version: 1,
      messageId: 'urn:uuid:33ccb9bb-8f99-42cf-8d3e-5f6b18362ee8',
      segments: [{ id, scope }],
    };
    expect(decodeDiscoveryMessage(Buffer.from(pccrd.v1_probe_from_oracle))).toEqual(probe);
    expect(decodeDiscoveryMessage(Buffer.from(`\uFEFF${pccrd.v1_probe_from_oracle}`))).toEqual(probe);
  });

  test('a ProbeMatch', () => {
    expect(decodeDiscoveryMessage(Buffer.from(pccrd.v1_probematch_from_oracle))).toEqual({
      _tag: 'ProbeMatch',
      relatesTo: PROBE_ID,
      addresses: [{ host: '127.0.0.1', port: 8080 }],
      found: { version: 1, segments: [{ id, scope, blocks: 2 }] },
    });
  });
});

describe('published values of the fields', () => {
  test.each(pccrd.v2_probe_scope)('the scope of version 2: $source', ({ ids, base64 }) => {
    const bytes = encodeProbe({
      version: 2,
      messageId: PROBE_ID,
      ids: ids.map((id) => Buffer.from(id, 'hex')),
    });
    expect(bytes.toString()).toContain(`>${base64}<`);
    expect(decodeDiscoveryMessage(bytes)).toMatchObject({
      segments: ids.map((id) => ({ id: Buffer.from(id, 'hex') })),
    });
  });

  test('availability, the first segment in the highest bits', () => {
    const [, computed] = pccrd.v2_match_availability;
    const segments = ['all', 'some', 'none', 'all', 'some'] as const;
    const bytes = encodeProbeMatch(match({ version: 2, segments, ages: [] }));
    expect(bytes.toString()).toContain(`<wsd:Scopes>${computed?.base64}</wsd:Scopes>`);
  });

  test.each(pccrd.v2_segment_ages)('ages: $source', ({ ages, base64 }) => {
    const found = {
      version: 2 as const,
      segments: Array<'all'>(4).fill('all'),
      // The published numbers are hundredths of a second.
      ages: Object.entries(ages).map(([index, age]) => ({ segment: Number(index), milliseconds: age * 10 })),
    };
    const bytes = encodeProbeMatch(match(found));
    expect(bytes.toString()).toContain(`>${base64}<`);
    expect(decodeDiscoveryMessage(bytes)).toMatchObject({ found });
  });

  test('block counts of three segments, with eight digits each', () => {
    const [counts] = pccrd.v1_blockcount;
    const segments = [25, 4, 16].map((blocks, index) => {
      const id = Buffer.alloc(32, index);
      return { id, scope: id.toString('hex').toUpperCase(), blocks };
    });
    const bytes = encodeProbeMatch(match({ version: 1, segments }));
    expect(bytes.toString()).toContain(`>${counts?.eight_digit}<`);
    expect(decodeDiscoveryMessage(bytes)).toMatchObject({ found: { segments } });
  });
});

describe('what other writers do', () => {
  const text = onOneLine('probe-v2');
  const decoded = decodeDiscoveryMessage(Buffer.from(text));

  test.each([
    [
      'other prefixes',
      text
        .replaceAll('PeerDist:', 'p:')
        .replaceAll('wsd:', 'w:')
        .replaceAll('xmlns:PeerDist', 'xmlns:p')
        .replaceAll('xmlns:wsd', 'xmlns:w'),
    ],
    [
      'a default namespace',
      text
        .replace('<wsd:Types>', '<Types xmlns="http://schemas.xmlsoap.org/ws/2005/04/discovery">')
        .replace('</wsd:Types>', '</Types>'),
    ],
    [
      'more headers',
      text.replace(
        '</soap:Header>',
        '<wsa:ReplyTo><wsa:Address>urn:x</wsa:Address></wsa:ReplyTo></soap:Header>',
      ),
    ],
    [
      'the type declared where it is used',
      text
        .replace(
          '<wsd:Types>',
          '<wsd:Types xmlns:x="http://schemas.microsoft.com/p2p/2007/09/PeerDistributionDiscovery">',
        )
        .replace('>PeerDist:PeerDistDataV2<', '>x:PeerDistDataV2<'),
    ],
    ['comments and other types beside', text.replace('<wsd:Types>', '<!-- hello --><wsd:Types>wsd:Device ')],
    ['a base64 text broken into lines', text.replace('AAAAwHRoB', 'AAAAw\r\nHRoB')],
    ['no rule of matching', text.replace(/ MatchBy="[^"]*"/, '')],
  ])('%s', (_, other) => {
    expect(other).not.toBe(text);
    expect(decodeDiscoveryMessage(Buffer.from(other))).toEqual(decoded);
  });

  test('lower-case scopes are kept as they are written', () => {
    const [upper, lower] = [pccrd.v1_probe_from_oracle, pccrd.v1_scope_text.toLowerCase()];
    expect(decodeDiscoveryMessage(Buffer.from(upper.replace(pccrd.v1_scope_text, lower)))).toMatchObject({
      segments: [{ id: Buffer.from(lower, 'hex'), scope: lower }],
    });
  });

  test('the payload of a version-2 match may have the name that early drafts gave it', () => {
    const drafted = onOneLine('probe-match-v2').replaceAll(
      'PeerDist:PeerDistData>',
      'PeerDist:PeerDistDataV2>',
    );
    expect(decodeDiscoveryMessage(Buffer.from(drafted))).toEqual(
      decodeDiscoveryMessage(printed('probe-match-v2')),
    );
  });

  test('ages that are none do not make a match useless', () => {
    const broken = onOneLine('probe-match-v2').replace('AAEDAgBg6gACYOoA', '!');
    expect(decodeDiscoveryMessage(Buffer.from(broken))).toMatchObject({ found: { version: 2, ages: [] } });
  });
});

describe('messages of other services are nobody’s fault', () => {
  test.each([
    ['a Hello', onOneLine('probe-v1').replaceAll('discovery/Probe<', 'discovery/Hello<')],
    ['a Probe for printers', onOneLine('probe-v1').replaceAll('PeerDist:PeerDistData<', 'wsd:Printer<')],
    [
      'a Probe for a type of the same name elsewhere',
      onOneLine('probe-v1').replace('PeerDistributionDiscovery', 'Elsewhere'),
    ],
    ['something that is no XML', 'M-SEARCH * HTTP/1.1\r\n\r\n'],
    ['nothing', ''],
  ])('%s', (_, text) => {
    expect(decodeDiscoveryMessage(Buffer.from(text))).toBeUndefined();
  });
});
