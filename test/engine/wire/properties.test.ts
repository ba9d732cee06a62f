import { test, fc } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  BLOCK_CIPHERS,
  BLOCK_LENGTH,
  contentInformationLengthLimit,
  contentInformationOf,
  ContentInformationError,
  decodeOffer,
  decodeRequest,
  decodeResponse,
  decryptBlock,
  describeSegment,
  encodeContentInformation,
  encodeOffer,
  encodeRequest,
  encodeResponse,
  encryptBlock,
  HASH_LENGTHS,
  MAX_SEGMENT_LENGTH_V2,
  MessageError,
  parseContentInformation,
  segmentInOffer,
  SEGMENT_LENGTH,
  type ContentInformation,
  type Offer,
  type RetrievalResponse,
} from '../../../src/engine/distribution/wire/index.js';

/** Bytes that differ from call to call but cost nothing to make. */
const filler = (length: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(seed);
  return bytes;
};

const version1: fc.Arbitrary<ContentInformation> = fc
  .record({
    hash: fc.constantFrom('sha256', 'sha384', 'sha512'),
    fullSegments: fc.integer({ min: 0, max: 2 }),
    lastLength: fc.integer({ min: 1, max: SEGMENT_LENGTH }),
    from: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    portion: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ hash, fullSegments, lastLength, from, portion }) => {
    const lengths = [...Array<number>(fullSegments).fill(SEGMENT_LENGTH), lastLength];
    const segments = lengths.map((length, index) =>
      describeSegment({
        hash,
        serverKey: filler(32, index),
        length,
        blockHashes: Array.from({ length: Math.ceil(length / BLOCK_LENGTH) }, (_, block) =>
          filler(HASH_LENGTHS[hash], index * 512 + block),
        ),
      }),
    );
    const total = fullSegments * SEGMENT_LENGTH + lastLength;
    const start = Math.floor(from * total);
    return contentInformationOf(segments, {
      start,
      length: Math.max(1, Math.floor(portion * (total - start))),
    });
  });

const version2: fc.Arbitrary<ContentInformation> = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: MAX_SEGMENT_LENGTH_V2 }), { minLength: 1, maxLength: 20 }),
    from: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    portion: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ lengths, from, portion }) => {
    const segments = lengths.map((length, index) =>
      describeSegment({
        hash: 'truncated-sha512',
        serverKey: filler(32, index),
        length,
        blockHashes: [filler(32, index)],
      }),
    );
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const start = Math.floor(from * total);
    return contentInformationOf(segments, {
      start,
      length: Math.max(1, Math.floor(portion * (total - start))),
    });
  });

const information = fc.oneof(version1, version2);

/** A change somewhere in `bytes`: bits flipped, a number replaced, an end cut off, something added. */
const damaged = (bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc
    .record({
      bytes,
      // Most lengths and counts stand in the first hundred bytes.
      at: fc.oneof(fc.nat(100), fc.nat(100_000)),
      kind: fc.constantFrom('flip', 'number', 'cut', 'add'),
      value: fc.oneof(fc.constantFrom(0, 1, 0xff, 0xffff_ffff, 0x7fff_ffff, 0x8000_0000), fc.nat()),
    })
    .map((change) => {
      const at = change.at % change.bytes.length;
      const copy = Buffer.from(change.bytes);
      switch (change.kind) {
        case 'flip':
          copy.writeUInt8(copy.readUInt8(at) ^ (change.value & 0xff || 1), at);
          return copy;
        case 'number':
          copy.writeUInt32LE(change.value >>> 0, Math.max(0, Math.min(at, copy.length - 4)));
          return copy;
        case 'cut':
          return copy.subarray(0, at);
        case 'add':
          return Buffer.concat([copy, Buffer.alloc((change.value & 0xff) + 1)]);
      }
    });

/** Runs `read` and passes on what it answers; anything but the one allowed error fails the test. */
const orOnly = <Result>(allowed: new (...args: never[]) => Error, read: () => Result): Result | undefined => {
  try {
    return read();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(allowed);
    return undefined;
  }
};

describe('content information', () => {
  test.prop([information], { numRuns: 30 })('is read as it was written', (written) => {
    const bytes = encodeContentInformation(written);
    expect(contentInformationLengthLimit(bytes.subarray(0, 31))).toBeGreaterThanOrEqual(bytes.length);
    const read = parseContentInformation(bytes);
    expect(read.range).toEqual(written.range);
    expect(read.firstSegmentIndex).toBe(written.firstSegmentIndex);
    expect(encodeContentInformation(read).equals(bytes)).toBe(true);
  });

  test.prop([damaged(information.map(encodeContentInformation))], { numRuns: 300 })(
    'damaged anywhere is refused or still consistent',
    (bytes) => {
      orOnly(ContentInformationError, () => contentInformationLengthLimit(bytes));
      const read = orOnly(ContentInformationError, () => parseContentInformation(bytes));
      if (read === undefined) return;
      const hashes = read.segments.flatMap(({ info }) => info.blockHashes);
      expect(hashes.length * HASH_LENGTHS[read.hash]).toBeLessThan(bytes.length);
      const last = read.segments.at(-1)!;
      expect(read.range.length).toBeGreaterThan(0);
      expect(read.range.start + read.range.length).toBeLessThanOrEqual(
        last.offsetInContent + last.info.length,
      );
    },
  );

  test.prop([fc.uint8Array({ maxLength: 200 })], { numRuns: 500 })('of random bytes is refused', (bytes) => {
    const starts = ['', '00010c8000', '000204'].map((hex) => Buffer.from(hex, 'hex'));
    for (const candidate of starts.map((start) => Buffer.concat([start, bytes]))) {
      orOnly(ContentInformationError, () => parseContentInformation(candidate));
    }
  });
});

const cipher = fc.constantFrom(...BLOCK_CIPHERS);
const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(16)]).subarray(0, 16);
const index = fc.nat(511);
const range = fc
  .tuple(index, fc.nat())
  .map(([first, span]) => ({ index: first, count: 1 + (span % (512 - first)) }));
const ranges = fc.array(range, { maxLength: 20 });
const version = fc.record({ major: fc.nat(0xffff), minor: fc.nat(0xffff) });

const request = fc.oneof(
  fc.record({ _tag: fc.constant('Negotiation'), minVersion: version, maxVersion: version }),
  fc.record({
    _tag: fc.constantFrom('GetBlockList', 'GetBlocks'),
    cipher,
    segmentId: bytesUpTo(64),
    ranges,
  }),
  fc.record({
    _tag: fc.constant('GetSegmentList'),
    cipher,
    requestId: bytesUpTo(16).map(padded),
    segmentIds: fc.array(bytesUpTo(64), { minLength: 1, maxLength: 20 }),
    extensibleBlob: bytesUpTo(40),
  }),
);

const response: fc.Arbitrary<RetrievalResponse> = fc.oneof(
  fc.record({ _tag: fc.constant('Negotiation'), minVersion: version, maxVersion: version }),
  fc.record({
    _tag: fc.constant('BlockList'),
    cipher,
    segmentId: bytesUpTo(64),
    ranges,
    nextBlockIndex: index,
  }),
  fc.record({
    _tag: fc.constant('Block'),
    cipher,
    segmentId: bytesUpTo(64),
    blockIndex: index,
    nextBlockIndex: index,
    data: fc.tuple(bytesUpTo(300)),
    iv: bytesUpTo(16),
  }),
  fc.record({
    _tag: fc.constant('SegmentList'),
    cipher,
    requestId: bytesUpTo(16).map(padded),
    ranges,
    extensibleBlob: bytesUpTo(40),
  }),
);

const port = fc.integer({ min: 1, max: 0xffff });
const contentTag = bytesUpTo(16).map(padded);
const size = fc.nat(0xffff_ffff);

const offer: fc.Arbitrary<Offer> = fc.oneof(
  fc.record({
    _tag: fc.constant('InitialOffer'),
    port,
    segmentId: fc.constantFrom(32, 48, 64).map((length) => filler(length, length)),
  }),
  fc.record({ _tag: fc.constant('SegmentInfo'), port, contentTag, contentInformation: bytesUpTo(300) }),
  fc.record({
    _tag: fc.constant('BatchedOffer'),
    port,
    segments: fc.array(
      fc.record({
        blockLength: size,
        segmentLength: size,
        contentTag,
        hash: fc.constantFrom('sha256', 'truncated-sha512', undefined),
        segmentId: size.map((seed) => filler(32, seed)),
      }),
      { minLength: 1, maxLength: 128 },
    ),
  }),
);

describe('messages', () => {
  test.prop([request])('requests are read as they were written', (written) => {
    expect(decodeRequest(encodeRequest(written))).toEqual(written);
  });

  test.prop([response])('responses are read as they were written', (written) => {
    expect(decodeResponse(encodeResponse(written))).toEqual(written);
  });

  test.prop([offer])('offers are read as they were written', (written) => {
    expect(decodeOffer(encodeOffer(written))).toEqual(written);
  });

  test.prop([damaged(offer.map(encodeOffer))], { numRuns: 1000 })(
    'damaged offers are refused or offers',
    (bytes) => {
      const read = orOnly(MessageError, () => decodeOffer(bytes));
      if (read?._tag === 'SegmentInfo') segmentInOffer(read);
    },
  );

  test.prop([damaged(request.map(encodeRequest))], { numRuns: 1000 })(
    'damaged requests are refused or requests',
    (bytes) => {
      orOnly(MessageError, () => decodeRequest(bytes));
    },
  );

  test.prop([damaged(response.map(encodeResponse))], { numRuns: 1000 })(
    'damaged responses are refused or responses',
    (bytes) => {
      orOnly(MessageError, () => decodeResponse(bytes));
    },
  );

  test.prop([cipher, fc.uint8Array({ minLength: 1, maxLength: 200 }), bytesUpTo(16), fc.nat(200)])(
    'blocks come back from encryption; other bytes are refused or of no greater length',
    (algorithm, block, ivStart, flipped) => {
      const secret = Buffer.alloc(32, 7);
      const iv = Buffer.concat([ivStart, Buffer.alloc(16)]).subarray(0, 16);
      const data = Buffer.concat(encryptBlock(algorithm, secret, iv, block));
      expect(decryptBlock(algorithm, secret, iv, data)).toEqual(Buffer.from(block));
      data.writeUInt8(data.readUInt8(flipped % data.length) ^ 1, flipped % data.length);
      const other = orOnly(MessageError, () => decryptBlock(algorithm, secret, iv, data));
      expect(other?.length ?? 0).toBeLessThanOrEqual(data.length);
    },
  );
});
