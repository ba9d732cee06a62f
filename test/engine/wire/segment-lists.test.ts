import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  commonMajorVersion,
  decodeRequest,
  decodeResponse,
  decodeSegmentAges,
  encodeRequest,
  encodeResponse,
  encodeSegmentAges,
  encryptBlock,
  MAX_LISTED_SEGMENTS,
  MAX_REQUEST_LENGTH,
  MAX_SEGMENT_LENGTH_V2,
  MessageError,
  SPOKEN_VERSIONS,
  type BlockResponse,
} from '../../../src/engine/distribution/wire/index.js';
import { vectors } from './vectors.js';

const wire = (name: string): Buffer => Buffer.from(vectors.pccrr.wire[name]!.hex!, 'hex');

const withWord = (bytes: Buffer, offset: number, value: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(value, offset);
  return changed;
};

const cutAt = (bytes: Buffer, length: number): Buffer => withWord(bytes.subarray(0, length), 8, length);

describe('segment lists that are refused', () => {
  const request = wire('MSG_GETSEGLIST two ids');
  const noIds = Buffer.concat([request.subarray(0, 32), Buffer.alloc(8)]);

  it.each<readonly [string, Buffer]>([
    ['of version 1', withWord(request, 0, 1)],
    ['no segment', withWord(noIds, 8, 40)],
    ['a request id cut short', cutAt(request, 28)],
    ['one segment more than there is', withWord(request, 32, 3)],
    ['one segment less than there is', withWord(request, 32, 1)],
    ['more segments than a request can have', withWord(request, 32, MAX_LISTED_SEGMENTS + 1)],
    ['a segment id beyond the end', withWord(request, 36, 0xffff_ffff)],
    ['a blob that is not there', withWord(request, 108, 4)],
    ['no size of a blob', cutAt(request, 108)],
  ])('a request: %s', (_name, bytes) => {
    expect(() => decodeRequest(bytes)).toThrow(MessageError);
  });

  const response = wire('MSG_SEGLIST [0,1] with blob v1');
  it.each<readonly [string, Buffer]>([
    ['of version 1', withWord(response, 4, 1)],
    ['one range more than there is', withWord(response, 36, 2)],
    ['a range of no segments', withWord(response, 44, 0)],
    ['a segment that no request has room for', withWord(response, 40, MAX_LISTED_SEGMENTS)],
    ['a range up to 2^32 and beyond', withWord(response, 44, 0xffff_ffff)],
    ['a blob beyond the end', withWord(response, 48, 13)],
    ['a blob that ends too early', withWord(response, 48, 11)],
  ])('a response: %s', (_name, bytes) => {
    expect(() => decodeResponse(bytes)).toThrow(MessageError);
  });
});

it('the longest list of segments is a request of the greatest size', () => {
  const request = {
    _tag: 'GetSegmentList',
    cipher: 'aes-128-cbc',
    requestId: Buffer.alloc(16, 1),
    segmentIds: Array<Buffer>(MAX_LISTED_SEGMENTS).fill(Buffer.alloc(32, 2)),
    extensibleBlob: Buffer.alloc(0),
  } as const;
  const bytes = encodeRequest(request);
  expect(bytes.length).toBeLessThanOrEqual(MAX_REQUEST_LENGTH);
  expect(bytes.length).toBeGreaterThan(MAX_REQUEST_LENGTH - 36);
  expect(decodeRequest(bytes)).toEqual(request);
});

it('the longest segment of version 2 is asked for as block 0 and fits into a response', () => {
  const segmentId = Buffer.alloc(32, 3);
  const request = encodeRequest({
    _tag: 'GetBlocks',
    cipher: 'aes-256-cbc',
    segmentId,
    ranges: [{ index: 0, count: 1 }],
  });
  // Messages about blocks are of version 1 whatever the version of the segment.
  expect(request.readUInt32BE(0)).toBe(1);
  const segment = Buffer.alloc(MAX_SEGMENT_LENGTH_V2, 4);
  const response = encodeResponse({
    _tag: 'Block',
    cipher: 'aes-256-cbc',
    segmentId,
    blockIndex: 0,
    nextBlockIndex: 0,
    data: encryptBlock('aes-256-cbc', Buffer.alloc(32, 5), Buffer.alloc(16), segment),
    iv: Buffer.alloc(16),
  });
  const decoded = decodeResponse(response) as BlockResponse;
  expect(Buffer.concat(decoded.data)).toHaveLength(131_088);
});

describe('the version that two sides have in common', () => {
  const from = (min: number, max: number) => ({
    minVersion: { major: min, minor: 9 },
    maxVersion: { major: max, minor: 0 },
  });

  it.each([
    [from(1, 1), 1],
    [from(2, 2), 2],
    [from(0, 0xffff), 2],
    [from(0, 1), 1],
    [from(2, 3), 2],
    [from(3, 4), undefined],
    [from(0, 0), undefined],
    [from(2, 1), undefined],
  ])('with %o is %o', (theirs, common) => {
    expect(commonMajorVersion(SPOKEN_VERSIONS, theirs)).toBe(common);
    expect(commonMajorVersion(theirs, SPOKEN_VERSIONS)).toBe(common);
  });
});

describe('the ages of segments in an extensible blob', () => {
  const fromExample = Buffer.from('AAEDAgBg6gACYOoA', 'base64');

  it('are read and written as in the published example', () => {
    const ages = [
      { segment: 0, milliseconds: 600_000 },
      { segment: 2, milliseconds: 600_000 },
    ];
    expect(decodeSegmentAges(fromExample)).toEqual(ages);
    expect(encodeSegmentAges(ages).equals(fromExample)).toBe(true);
  });

  it.each([
    [1, 60_000_000],
    [2, 6_000_000],
    [3, 600_000],
    [4, 60_000],
  ])('in unit %d are %d milliseconds', (unit, milliseconds) => {
    const blob = Buffer.from(fromExample);
    blob.writeUInt8(unit, 2);
    expect(decodeSegmentAges(blob)?.[1]).toEqual({ segment: 2, milliseconds });
  });

  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.alloc(1)],
    ['another version', Buffer.from('00020300', 'hex')],
    ['a head cut short', Buffer.from('000103', 'hex')],
    ['unit 0', Buffer.from('00010000', 'hex')],
    ['unit 5', Buffer.from('00010500', 'hex')],
    ['an age cut short', fromExample.subarray(0, -1)],
  ])('are dropped with a blob of %s', (_name, blob) => {
    expect(decodeSegmentAges(blob)).toBeUndefined();
  });

  it('of no segments are none', () => {
    expect(decodeSegmentAges(encodeSegmentAges([]))).toEqual([]);
  });

  it('are cut to what a blob has room for', () => {
    const ages = Array.from({ length: 300 }, (_, segment) => ({ segment, milliseconds: 1e12 }));
    const read = decodeSegmentAges(encodeSegmentAges(ages))!;
    expect(read).toHaveLength(255);
    expect(read[254]).toEqual({ segment: 254, milliseconds: 0xff_ffff * 10 });
  });

  const age = fc.record({ segment: fc.nat(255), milliseconds: fc.nat(0xff_ffff).map((units) => units * 10) });
  test.prop([fc.array(age, { maxLength: 255 })])('come back as they were written', (ages) => {
    expect(decodeSegmentAges(encodeSegmentAges(ages))).toEqual(ages);
  });
});
