import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  decodeDiscoveryMessage,
  DiscoveryMessageError,
  encodeProbe,
  encodeProbeMatch,
  MAX_MESSAGE_LENGTH,
  MAX_SEGMENTS,
  padForAnswer,
  type ProbeMatchFields,
} from '../../../src/engine/distribution/discovery/wire/index.js';
import { Budget } from '../../../src/engine/distribution/discovery/budget.js';
import { ManualClock } from '../driver/manual-clock.js';
import { foreignDiscoveryMessages } from '../wire/fuzz/discovery-corpus.js';

const bytesOf = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
const ids = fc
  .constantFrom(32, 48, 64)
  .chain((length) => fc.array(bytesOf(length), { minLength: 1, maxLength: MAX_SEGMENTS }));
/** Opaque to us, so anything printable without spaces. */
const uri = fc.stringMatching(/^[\x21-\x7e]{1,256}$/);
const version = fc.constantFrom(1 as const, 2 as const, 'crowd' as const);
const address = fc.record({
  host: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65_535 }),
});
const scope = (id: Buffer, upper: boolean): string =>
  upper ? id.toString('hex').toUpperCase() : id.toString('hex');

const counted = fc
  .record({ ids, upper: fc.boolean(), blocks: fc.integer({ min: 0, max: 0xffff_ffff }) })
  .map(({ ids: list, upper, blocks }) => ({
    version: 1 as const,
    segments: list.map((id) => ({ id, scope: scope(id, upper), blocks })),
  }));
const available = fc.record({
  version: fc.constant(2 as const),
  segments: fc.array(fc.constantFrom('none' as const, 'some' as const, 'all' as const), {
    maxLength: MAX_SEGMENTS,
  }),
  ages: fc.array(
    fc.record({
      segment: fc.integer({ min: 0, max: 255 }),
      milliseconds: fc.integer({ min: 0, max: 0xff_ffff }).map((hundredths) => hundredths * 10),
    }),
    { maxLength: 255 },
  ),
});
const fetched = fc.record({ ids, upper: fc.boolean() }).map(({ ids: list, upper }) => ({
  version: 'crowd' as const,
  segments: list.map((id) => ({ id, scope: scope(id, upper) })),
}));
const match: fc.Arbitrary<ProbeMatchFields> = fc.record({
  messageId: uri,
  relatesTo: uri,
  endpoint: uri,
  instanceId: fc.nat(),
  messageNumber: fc.nat(),
  addresses: fc.array(address, { minLength: 1, maxLength: 5 }),
  found: fc.oneof(counted, available, fetched),
});

/** What an answer finds that is about all segments. */
const everythingOf = ({
  version: asked,
  ids: list,
}: {
  readonly version: 1 | 2 | 'crowd';
  readonly ids: readonly Buffer[];
}): ProbeMatchFields['found'] => {
  if (asked === 2) return { version: asked, segments: list.map(() => 'some'), ages: [] };
  return {
    version: asked,
    segments: list.map((id) => ({ id, scope: scope(id, true), blocks: 512 })),
  };
};

describe('what is written is read as it was meant', () => {
  test.prop([fc.record({ version, messageId: uri, ids })])('a Probe', (fields) => {
    expect(decodeDiscoveryMessage(encodeProbe(fields))).toEqual({
      _tag: 'Probe',
      version: fields.version,
      messageId: fields.messageId,
      segments: fields.ids.map((id) => ({ id, scope: scope(id, true) })),
    });
  });

  test.prop([match])('a ProbeMatch, and written again it is the same bytes', (fields) => {
    const bytes = encodeProbeMatch(fields);
    const { relatesTo, addresses, found } = fields;
    const decoded = decodeDiscoveryMessage(bytes);
    const padding = Array<'none'>((-found.segments.length & 3) * Number(found.version === 2)).fill('none');
    expect(decoded).toEqual({
      _tag: 'ProbeMatch',
      relatesTo,
      addresses,
      found: { ...found, segments: [...found.segments, ...padding] },
    });
    if (decoded?._tag !== 'ProbeMatch') throw new Error('it was one');
    expect(encodeProbeMatch({ ...fields, ...decoded })).toEqual(bytes);
  });

  test.prop([fc.record({ version, messageId: uri, ids }), fc.nat(), fc.nat(), address])(
    'a padded Probe: the same message, with room for an answer about all its segments',
    (fields, instanceId, messageNumber, host) => {
      const messageId = `urn:uuid:${'0'.repeat(36)}`;
      const plain = encodeProbe({ ...fields, messageId });
      const padded = padForAnswer(plain, { ...fields, messageId });
      expect(decodeDiscoveryMessage(padded)).toEqual(decodeDiscoveryMessage(plain));
      const answer = encodeProbeMatch({
        messageId,
        relatesTo: messageId,
        endpoint: messageId,
        instanceId,
        messageNumber,
        addresses: [host],
        found: everythingOf(fields),
      });
      expect(answer.length).toBeLessThanOrEqual(padded.length);
    },
  );
});

const corpus = [
  ...foreignDiscoveryMessages,
  encodeProbe({ version: 'crowd', messageId: 'urn:uuid:1', ids: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] }),
  encodeProbeMatch({
    messageId: 'urn:uuid:2',
    relatesTo: 'urn:uuid:1',
    endpoint: 'urn:uuid:3',
    instanceId: 1,
    messageNumber: 1,
    addresses: [{ host: '10.0.0.1', port: 80 }],
    found: { version: 'crowd', segments: [{ id: Buffer.alloc(32, 1), scope: '01'.repeat(32) }] },
  }),
];

/** Fragments that parsers of XML are known to stumble over. */
const fragments = [
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&b;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&constructor;',
  '&__proto__;',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?xml version="1.1"?>',
  '<a xmlns="">',
  'xmlns:xml="x"',
  'xmlns:__proto__="http://schemas.xmlsoap.org/ws/2005/04/discovery"',
  '__proto__:PeerDistData',
  '</soap:Envelope>',
  '\0',
  '\uFEFF',
  '\xc0\xaf',
  ' '.repeat(1_000),
  '<a>'.repeat(100),
].map((text) => Buffer.from(text, 'latin1'));

/** A message with some of its pieces removed, doubled, replaced, flipped. */
const mutated = fc
  .record({
    base: fc.constantFrom(...corpus),
    cuts: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(40),
        piece: fc.oneof(
          fc.constantFrom(...fragments),
          fc.uint8Array({ maxLength: 8 }),
          fc.constant(Buffer.alloc(0)),
          fc.constantFrom(...corpus).map((other) => other.subarray(300, 900)),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ base, cuts }) =>
    cuts.reduce<Buffer>((bytes, { at, length, piece }) => {
      const start = Math.floor(at * bytes.length);
      return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start + length)]);
    }, base),
  );

/** Reads anything. The only way to fail is the one that is declared. */
const read = (bytes: Buffer) => {
  try {
    return decodeDiscoveryMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DiscoveryMessageError);
    return undefined;
  }
};

describe('bytes from anybody', () => {
  test.prop([fc.uint8Array({ maxLength: 2_000 })])('random bytes', (bytes) => {
    read(Buffer.from(bytes));
    read(Buffer.concat([Buffer.from('<?xml version="1.0"?><PeerDistData>'), bytes]));
  });

  test.prop([mutated], { numRuns: 2_000 })('damaged messages', (bytes) => {
    const message = read(bytes);
    if (message?._tag === 'Probe') {
      expect(message.segments.length).toBeGreaterThan(0);
      expect(message.segments.length).toBeLessThanOrEqual(MAX_SEGMENTS);
      const [first] = message.segments;
      // What was understood can be said again, and means the same.
      if (message.version === 2 || message.segments.every(({ id }) => id.length === first?.id.length)) {
        const again = encodeProbe({ ...message, ids: message.segments.map(({ id }) => id) });
        expect(decodeDiscoveryMessage(again)).toMatchObject({
          version: message.version,
          segments: message.segments.map(({ id }) => ({ id })),
        });
      }
    }
    if (message?._tag === 'ProbeMatch') expect(message.addresses.length).toBeGreaterThan(0);
  });

  test.prop([
    fc.constantFrom(...fragments, Buffer.from('<a '), Buffer.from('b="c" '), Buffer.from('A')),
    fc.boolean(),
  ])('the same again and again, as long as a message can be', (fragment, inside) => {
    const base = corpus[0]!.toString();
    const times = Math.ceil(MAX_MESSAGE_LENGTH / fragment.length);
    const filler = Buffer.concat(Array<Buffer>(times).fill(fragment)).subarray(
      0,
      MAX_MESSAGE_LENGTH - base.length,
    );
    const split = inside ? base.indexOf('</wsd:Scopes>') : base.indexOf('<soap:Envelope');
    read(Buffer.concat([Buffer.from(base.slice(0, split)), filler, Buffer.from(base.slice(split))]));
  });
});

describe('a budget', () => {
  test.prop([
    fc.integer({ min: 1, max: 50 }),
    fc.array(fc.record({ wait: fc.integer({ min: 0, max: 2_000 }), wishes: fc.nat(100) }), { maxLength: 30 }),
  ])('never gives more than one second’s worth above what the time allows', (perSecond, steps) => {
    const clock = new ManualClock();
    const budget = new Budget(clock, perSecond, 10);
    let given = 0;
    for (const { wait, wishes } of steps) {
      clock.advance(wait);
      for (let wish = 0; wish < wishes; wish += 1) given += Number(budget.take('a'));
      expect(given).toBeLessThanOrEqual(perSecond + (clock.now() / 1_000) * perSecond);
    }
    clock.advance(1_000);
    expect(budget.take('a')).toBe(true);
    expect(budget.take('b')).toBe(true);
  });
});
