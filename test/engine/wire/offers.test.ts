import { describe, expect, it } from 'vitest';
import {
  ContentInformationError,
  decodeOffer,
  decodeOfferResponse,
  describeForOffer,
  encodeContentInformation,
  contentInformationOf,
  encodeOffer,
  encodeOfferResponse,
  MAX_OFFER_LENGTH,
  MessageError,
  parseContentInformation,
  segmentInOffer,
  SEGMENT_LENGTH,
  type Offer,
  type SegmentInfoOffer,
} from '../../../src/engine/distribution/wire/index.js';
import { generateContent, publishedSegments, segmentsV2, vectors } from './vectors.js';

const { wire } = vectors.pchc;
const bytesOf = (name: 'INITIAL_OFFER' | 'SEGMENT_INFO (spec)' | 'BATCHED_OFFER'): Buffer =>
  Buffer.from(wire[name].hex, 'hex');

const contentTag = Buffer.alloc(16);
const [segment] = publishedSegments('sha256', generateContent(65_537));
const content = generateContent(193_536);
const batch = segmentsV2([
  content.subarray(0, 61_440),
  content.subarray(61_440, 148_480),
  content.subarray(148_480),
]);

const initialOffer: Offer = { _tag: 'InitialOffer', port: 8282, segmentId: segment!.id };
const segmentInfo: SegmentInfoOffer = {
  _tag: 'SegmentInfo',
  port: 8282,
  contentTag,
  contentInformation: describeForOffer({ info: segment!, offsetInContent: 0 }),
};
const batchedOffer: Offer = {
  _tag: 'BatchedOffer',
  port: 8282,
  segments: batch.map(({ id, length }) => ({
    blockLength: length,
    segmentLength: length,
    contentTag,
    hash: 'truncated-sha512',
    segmentId: id,
  })),
};

describe('offers to a hosted cache, byte for byte', () => {
  it.each([
    ['INITIAL_OFFER', initialOffer],
    ['SEGMENT_INFO (spec)', segmentInfo],
    ['BATCHED_OFFER', batchedOffer],
  ] as const)('%s', (name, offer) => {
    expect(encodeOffer(offer).toString('hex')).toBe(wire[name].hex);
    expect(decodeOffer(bytesOf(name))).toEqual(offer);
  });

  it('the answers', () => {
    expect(encodeOfferResponse('ok').toString('hex')).toBe(wire['RESPONSE OK']);
    expect(encodeOfferResponse('interested').toString('hex')).toBe(wire['RESPONSE INTERESTED']);
    expect(decodeOfferResponse(Buffer.from(wire['RESPONSE OK'], 'hex'))).toBe('ok');
    expect(decodeOfferResponse(Buffer.from(wire['RESPONSE INTERESTED'], 'hex'))).toBe('interested');
  });
});

const changed = (bytes: Buffer, at: number, ...values: readonly number[]): Buffer => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

describe('what is no offer', () => {
  const initial = bytesOf('INITIAL_OFFER');
  const info = bytesOf('SEGMENT_INFO (spec)');
  const batched = bytesOf('BATCHED_OFFER');
  const descriptor = batched.subarray(16, 16 + 59);

  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a head cut short', initial.subarray(0, 15)],
    ['an unknown type', changed(initial, 2, 0xfe, 0xfe)],
    ['an unknown major version', changed(initial, 1, 0xfe)],
    ['an unknown minor version', changed(initial, 0, 1)],
    ['an initial offer of version 2', changed(initial, 1, 2)],
    ['a batch of version 1', changed(batched, 1, 1)],
    ['no port', changed(initial, 8, 0, 0)],
    ['no segment id', initial.subarray(0, 16)],
    ['a segment id of 31 bytes', initial.subarray(0, -1)],
    ['a segment id of 65 bytes', Buffer.concat([initial, Buffer.alloc(33)])],
    ['half a content tag', info.subarray(0, 24)],
    ['more than one segment can need', Buffer.concat([info, Buffer.alloc(MAX_OFFER_LENGTH)])],
    ['a batch of no segments', batched.subarray(0, 16)],
    [
      'a batch of 129 segments',
      Buffer.concat([batched.subarray(0, 16), ...Array<Buffer>(129).fill(descriptor)]),
    ],
    ['half a segment in a batch', batched.subarray(0, -1)],
    ['an empty content tag', Buffer.concat([batched.subarray(0, 24), Buffer.alloc(2), batched.subarray(42)])],
  ])('%s', (_name, bytes) => {
    expect(() => decodeOffer(bytes)).toThrow(MessageError);
  });

  it.each<readonly [string, string]>([
    ['nothing', ''],
    ['no code', '00000000'],
    ['an unknown code', '0000000102'],
    ['two codes', '000000020000'],
    ['a code that is not announced', '000000010000'],
  ])('and what no answer: %s', (_name, hex) => {
    expect(() => decodeOfferResponse(Buffer.from(hex, 'hex'))).toThrow(MessageError);
  });

  it('128 segments are a batch, and padding may be anything', () => {
    const most = Buffer.concat([
      changed(batched.subarray(0, 16), 4, 1, 2, 3, 4, 0x20, 0x5a, 1, 2, 3, 4, 5, 6),
      ...Array<Buffer>(128).fill(descriptor),
    ]);
    const offer = decodeOffer(most);
    expect(offer).toMatchObject({ _tag: 'BatchedOffer', port: 8282 });
    expect(offer._tag === 'BatchedOffer' && offer.segments).toHaveLength(128);
  });

  it('a segment with an unknown hash is one, of which that is known', () => {
    const offer = decodeOffer(changed(batched, 16 + 26, 0xfe));
    expect(offer._tag === 'BatchedOffer' && offer.segments.map(({ hash }) => hash)).toEqual([
      undefined,
      'truncated-sha512',
      'truncated-sha512',
    ]);
  });
});

describe('the segment in a SEGMENT_INFO', () => {
  const withInformation = (contentInformation: Uint8Array): SegmentInfoOffer => ({
    ...segmentInfo,
    contentInformation,
  });

  it('is the one that was offered', () => {
    expect(segmentInOffer(segmentInfo)).toEqual(segment);
    expect(segmentInOffer(decodeOffer(bytesOf('SEGMENT_INFO (spec)')) as SegmentInfoOffer)).toEqual(segment);
  });

  it('is found with a length of 0, as another implementation writes it', () => {
    const bytes = changed(Buffer.from(segmentInfo.contentInformation), 10, 0, 0, 0, 0);
    expect(segmentInOffer(withInformation(bytes))).toEqual(segment);
  });

  it('is found for every hash, up to the longest content information of one segment', () => {
    for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
      const [full] = publishedSegments(hash, generateContent(SEGMENT_LENGTH));
      const offer = withInformation(describeForOffer({ info: full!, offsetInContent: 2 * SEGMENT_LENGTH }));
      const bytes = encodeOffer(offer);
      expect(bytes.length).toBeLessThanOrEqual(MAX_OFFER_LENGTH);
      if (hash === 'sha512') expect(bytes.length).toBe(MAX_OFFER_LENGTH);
      expect(segmentInOffer(decodeOffer(bytes) as SegmentInfoOffer)).toEqual(full);
    }
  });

  it('is found whatever its hashes are: a hosted cache cannot check its blocks anyway', () => {
    const random = changed(
      Buffer.from(segmentInfo.contentInformation),
      18 + 16,
      ...Array<number>(32).fill(7),
    );
    expect(segmentInOffer(withInformation(random))?.length).toBe(segment!.length);
    expect(() => parseContentInformation(random)).toThrow(ContentInformationError);
  });

  const two = encodeContentInformation(
    contentInformationOf(publishedSegments('sha256', generateContent(SEGMENT_LENGTH + 1))),
  );
  it.each<readonly [string, Uint8Array]>([
    ['of another version', encodeContentInformation(contentInformationOf(batch.slice(0, 1)))],
    ['of a version nobody knows', changed(Buffer.from(segmentInfo.contentInformation), 0, 0xfe, 0xfe)],
    ['with an unknown hash', changed(Buffer.from(segmentInfo.contentInformation), 2, 0xfe, 0xfe)],
    ['of no segments', changed(Buffer.from(segmentInfo.contentInformation), 14, 0).subarray(0, 18)],
    ['of two segments', two],
    ['of nothing', Buffer.alloc(0)],
  ])('is none in content information %s', (_name, bytes) => {
    expect(segmentInOffer(withInformation(bytes))).toBeUndefined();
  });
});
