import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  BLOCK_CIPHERS,
  decodeRequest,
  decodeResponse,
  decryptBlock,
  encodeRequest,
  encodeResponse,
  encryptBlock,
  MessageError,
  rangesOfBlocks,
  type BlockCipher,
  type BlockResponse,
  type RetrievalResponse,
} from '../../../src/engine/distribution/wire/index.js';
import { cut, generateContent, publishedSegments, vectors } from './vectors.js';

const wire = (name: string): Buffer => Buffer.from(vectors.pccrr.wire[name]!.hex!, 'hex');
const blocks = cut(generateContent(65_537), 65_536);
const segmentId = Buffer.from(vectors.pccrr.segment_id, 'hex');
const secret = Buffer.from(vectors.pccrr.segment_secret, 'hex');
const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const requestId = Buffer.from('303132333435363738393a3b3c3d3e3f', 'hex');
const nothing = Buffer.alloc(0);
const V1 = { major: 1, minor: 0 };
const V2 = { major: 2, minor: 0 };

it('the vectors are of the segment that the generator makes', () => {
  const [segment] = publishedSegments('sha256', Buffer.concat(blocks));
  expect(segment!.id).toEqual(segmentId);
  expect(segment!.secret).toEqual(secret);
});

describe('requests, byte for byte', () => {
  const cipher = 'aes-128-cbc';
  it.each([
    ['MSG_NEGO_REQ 1.0-2.0 crypto1', { _tag: 'Negotiation', minVersion: V1, maxVersion: V2 }],
    ['MSG_GETBLKLIST [0,2]', { _tag: 'GetBlockList', cipher, segmentId, ranges: [{ index: 0, count: 2 }] }],
    ['MSG_GETBLKS block0', { _tag: 'GetBlocks', cipher, segmentId, ranges: [{ index: 0, count: 1 }] }],
    ['MSG_GETBLKS block1', { _tag: 'GetBlocks', cipher, segmentId, ranges: [{ index: 1, count: 1 }] }],
    [
      'MSG_GETSEGLIST two ids',
      {
        _tag: 'GetSegmentList',
        cipher,
        requestId,
        segmentIds: [segmentId, Buffer.alloc(32)],
        extensibleBlob: nothing,
      },
    ],
  ] as const)('%s', (name, request) => {
    expect(encodeRequest(request).toString('hex')).toBe(wire(name).toString('hex'));
    expect(decodeRequest(wire(name))).toEqual(request);
  });

  it('a version that is not spoken here is told apart from nonsense', () => {
    const later = wire('MSG_GETSEGLIST two ids');
    later.writeUInt16BE(3, 2);
    expect(decodeRequest(later)).toEqual({ _tag: 'Foreign', version: { major: 3, minor: 0 } });
  });

  it('a minor version makes no difference', () => {
    const request = wire('MSG_GETBLKS block0');
    request.writeUInt16BE(7, 0);
    expect(decodeRequest(request)).toEqual(decodeRequest(wire('MSG_GETBLKS block0')));
  });
});

describe('responses, byte for byte', () => {
  const cipher = 'aes-128-cbc';
  it.each([
    ['MSG_NEGO_RESP 1.0-2.0 crypto1', { _tag: 'Negotiation', minVersion: V1, maxVersion: V2 }],
    [
      'MSG_BLKLIST [0,2] next0',
      { _tag: 'BlockList', cipher, segmentId, ranges: [{ index: 0, count: 2 }], nextBlockIndex: 0 },
    ],
    ['MSG_BLKLIST empty', { _tag: 'BlockList', cipher, segmentId, ranges: [], nextBlockIndex: 0 }],
    [
      'MSG_SEGLIST [0,1]',
      {
        _tag: 'SegmentList',
        cipher,
        requestId,
        ranges: [{ index: 0, count: 1 }],
        extensibleBlob: nothing,
      },
    ],
    [
      'MSG_SEGLIST [0,1] with blob v1',
      {
        _tag: 'SegmentList',
        cipher,
        requestId,
        ranges: [{ index: 0, count: 1 }],
        extensibleBlob: Buffer.from('000103020060ea000260ea00', 'hex'),
      },
    ],
  ] satisfies [string, RetrievalResponse][])('%s', (name, response) => {
    expect(encodeResponse(response).toString('hex')).toBe(wire(name).toString('hex'));
    expect(decodeResponse(wire(name))).toEqual(response);
  });
});

const joined = (block: BlockResponse): object => ({ ...block, data: Buffer.concat(block.data) });

const NAMES: readonly (readonly [BlockCipher, string])[] = [
  ['none', 'none'],
  ['aes-128-cbc', 'aes128'],
  ['aes-192-cbc', 'aes192'],
  ['aes-256-cbc', 'aes256'],
];

describe.each(NAMES)('blocks with %s, byte for byte', (cipher, name) => {
  const vectorIv = cipher === 'none' ? Buffer.alloc(0) : iv;
  // The other implementation always names the next block, 0 behind the last one.
  const answer = (blockIndex: number): BlockResponse => ({
    _tag: 'Block',
    cipher,
    segmentId,
    blockIndex,
    nextBlockIndex: blockIndex === 0 ? 1 : 0,
    data: encryptBlock(cipher, secret, iv, blocks[blockIndex]!),
    iv: vectorIv,
  });

  it.each([0, 1])('block %d', (index) => {
    const vector = vectors.pccrr.wire[`MSG_BLK block${index} ${name}`]!;
    const encoded = encodeResponse(answer(index));
    expect(encoded.length).toBe(vector.length);
    expect(createHash('sha256').update(encoded).digest('hex')).toBe(vector.sha256);
    if (vector.hex !== null) expect(encoded.toString('hex')).toBe(vector.hex);

    const decoded = decodeResponse(encoded) as BlockResponse;
    expect(joined(decoded)).toEqual(joined(answer(index)));
    const plain = decryptBlock(decoded.cipher, secret, decoded.iv, Buffer.concat(decoded.data));
    expect(plain.equals(blocks[index]!)).toBe(true);
  });

  it('a block that the server lacks', () => {
    const none = Buffer.alloc(0);
    const missing = { ...answer(0), blockIndex: 9, nextBlockIndex: 0, data: [none], iv: none };
    const bytes = wire(`MSG_BLK missing block9 ${name}`);
    expect(encodeResponse(missing).toString('hex')).toBe(bytes.toString('hex'));
    expect(decodeResponse(bytes)).toEqual(missing);
  });
});

describe('what is not a message', () => {
  const getBlocks = wire('MSG_GETBLKS block0');
  const withWord = (bytes: Buffer, offset: number, value: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed.writeUInt32BE(value, offset);
    return changed;
  };

  it.each<readonly [string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['a size that is not its own', withWord(getBlocks, 8, 67)],
    ['an unknown type', withWord(getBlocks, 4, 0xfefe)],
    ['a response type', withWord(getBlocks, 4, 5)],
    ['an unknown encryption', withWord(getBlocks, 12, 4)],
    ['a segment id beyond the end', withWord(getBlocks, 16, 0xffff_ffff)],
    ['more ranges than there are', withWord(getBlocks, 52, 2)],
    ['fewer ranges than there are', withWord(getBlocks, 52, 0)],
    ['a block outside of any segment', withWord(getBlocks, 56, 512)],
    ['a range of no blocks', withWord(getBlocks, 60, 0)],
    ['verification data that is not there', withWord(getBlocks, 64, 1)],
    ['more than 98304 bytes', withWord(Buffer.concat([getBlocks, Buffer.alloc(98_304)]), 8, 98_372)],
  ])('a request: %s', (_name, bytes) => {
    expect(() => decodeRequest(bytes)).toThrow(MessageError);
  });

  const block = wire('MSG_BLK block1 aes128');
  it.each<readonly [string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['a length that is not its own', withWord(block, 0, 105)],
    ['a size that is not its own', withWord(block, 12, 105)],
    ['an unknown version', withWord(block, 4, 0xfefe_fefe)],
    ['an unknown type', withWord(block, 8, 0xfefe)],
    ['an unknown encryption', withWord(block, 16, 4)],
    ['a block beyond the end', withWord(block, 64, 0x7fff_ffff)],
    ['a vector beyond the end', withWord(block, 88, 17)],
    ['a vector that ends too early', withWord(block, 88, 15)],
  ])('a response: %s', (_name, bytes) => {
    expect(() => decodeResponse(bytes)).toThrow(MessageError);
  });

  it('a request without ranges is one', () => {
    const empty = encodeRequest({ _tag: 'GetBlocks', cipher: 'none', segmentId, ranges: [] });
    expect(decodeRequest(empty)).toMatchObject({ _tag: 'GetBlocks', ranges: [] });
  });

  it('ciphertext with damaged padding or a vector of the wrong size is refused', () => {
    const cipher = 'aes-128-cbc';
    const data = Buffer.concat(encryptBlock(cipher, secret, iv, blocks[1]!));
    data.writeUInt8(data.readUInt8(15) ^ 0x80, 15);
    expect(() => decryptBlock(cipher, secret, iv, data)).toThrow(MessageError);
    expect(() => decryptBlock(cipher, secret, iv.subarray(1), data)).toThrow(MessageError);
  });
});

it('ranges of held blocks come sorted and merged, whatever was asked', () => {
  const asked = [
    { index: 6, count: 2 },
    { index: 0, count: 3 },
    { index: 2, count: 3 },
  ];
  expect(rangesOfBlocks(asked, 8, (index) => index !== 1)).toEqual([
    { index: 0, count: 1 },
    { index: 2, count: 3 },
    { index: 6, count: 2 },
  ]);
});

it('numbers of the algorithms are those of the protocol', () => {
  expect(BLOCK_CIPHERS).toEqual(['none', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']);
});
