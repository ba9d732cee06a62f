import { beforeEach, describe, expect, it } from 'vitest';
import type { SegmentInfo } from '../../../../src/engine/distribution/ports.js';
import {
  decodeResponse,
  decryptBlock,
  encodeRequest,
  encodeSegmentAges,
  type BlockCipher,
  type BlockResponse,
  type RetrievalRequest,
} from '../../../../src/engine/distribution/wire/index.js';
import { memorySource, segmentOf, startServer, type Segment } from '../../retrieval/harness.js';
import { generateContent, segmentsV2 } from '../vectors.js';

/*
 * The methods of Microsoft's protocol test suite for who serves blocks, under their names (without
 * HostedCacheServer_). Where the suite builds a message and forgets to send it, it is sent here.
 */

const version1 = segmentOf(65_537);
const content = generateContent(100_000);
const version2: Segment = { info: segmentsV2([content])[0]!, blocks: [content] };

let port = 0;

beforeEach(async () => {
  port = (await startServer({ source: memorySource([version1, version2]) })).port;
});

const post = async (message: Uint8Array): Promise<{ readonly status: number; readonly body: Buffer }> => {
  const url = `http://127.0.0.1:${port}/116B50EB-ECE2-41ac-8429-9F9E963361B7/`;
  const response = await fetch(url, { method: 'POST', body: Buffer.from(message) });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
};

type Message = Exclude<RetrievalRequest, { readonly _tag: 'Foreign' }>;

const ask = async (request: Message) => decodeResponse((await post(encodeRequest(request))).body);

const FIRST_BLOCK = [{ index: 0, count: 1 }];

const getBlocks = ({ id }: SegmentInfo, cipher: BlockCipher = 'aes-128-cbc', ranges = FIRST_BLOCK) =>
  ({ _tag: 'GetBlocks', cipher, segmentId: id, ranges }) as const;

const getBlockList = ({ id }: SegmentInfo, ranges = FIRST_BLOCK) =>
  ({ _tag: 'GetBlockList', cipher: 'aes-128-cbc', segmentId: id, ranges }) as const;

const getSegmentList = (segmentIds: readonly Uint8Array[], extensibleBlob: Uint8Array = Buffer.alloc(0)) =>
  ({
    _tag: 'GetSegmentList',
    cipher: 'aes-128-cbc',
    requestId: Buffer.alloc(16, 7),
    segmentIds,
    extensibleBlob,
  }) as const;

const withWord = (message: Buffer, offset: number, value: number): Buffer => {
  const changed = Buffer.from(message);
  changed.writeUInt32BE(value, offset);
  return changed;
};

const HEADER = { version: 0, type: 4, size: 8, cipher: 12 } as const;
const RANGE_COUNT = 16 + 4 + 32;

/** Dropped means an HTTP error without a message; and the server goes on. */
const expectDropped = async (message: Buffer): Promise<void> => {
  const { status, body } = await post(message);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(body).toHaveLength(0);
  expect(await ask(getBlocks(version1.info))).toMatchObject({ _tag: 'Block', blockIndex: 0 });
};

describe('PccrrServer_MessageHeader', () => {
  it('MsgTypeInvalid: a message of type 0xFEFE is dropped', async () => {
    await expectDropped(withWord(encodeRequest(getBlocks(version1.info)), HEADER.type, 0xfefe));
  });

  it('VersionIncompatible: a message of version 0xFEFE.0xFEFE is answered with the versions spoken', async () => {
    const message = withWord(encodeRequest(getBlocks(version1.info)), HEADER.version, 0xfefe_fefe);
    expect(decodeResponse((await post(message)).body)).toEqual({
      _tag: 'Negotiation',
      minVersion: { major: 1, minor: 0 },
      maxVersion: { major: 2, minor: 0 },
    });
  });

  it('CryptoAlgoIdInvalid: an unknown algorithm is dropped', async () => {
    await expectDropped(withWord(encodeRequest(getBlocks(version1.info)), HEADER.cipher, 0xfefe));
  });

  it.each([
    ['CryptoAlgoIdAES192', version1, 'aes-192-cbc', 'aes-192-cbc'],
    ['CryptoAlgoIdAES192V2', version2, 'aes-192-cbc', 'aes-192-cbc'],
    ['CryptoAlgoIdAES256', version1, 'aes-256-cbc', 'aes-256-cbc'],
    ['CryptoAlgoIdAES256V2', version2, 'aes-256-cbc', 'aes-256-cbc'],
    // Plain text is never sent: what was asked for is a wish, and the answer says what was done.
    ['CryptoAlgoIdNoEncryption', version1, 'none', 'aes-128-cbc'],
    ['CryptoAlgoIdNoEncryptionV2', version2, 'none', 'aes-128-cbc'],
  ] as const)('%s: blocks decrypt to the content', async (_name, segment, asked, used) => {
    for (const [index, block] of segment.blocks.entries()) {
      const answer = (await ask(getBlocks(segment.info, asked, [{ index, count: 1 }]))) as BlockResponse;
      expect(answer).toMatchObject({ _tag: 'Block', blockIndex: index, cipher: used });
      const plain = decryptBlock(used, segment.info.secret, answer.iv, Buffer.concat(answer.data));
      expect(plain.equals(block)).toBe(true);
    }
  });
});

describe('PccrrServer_GetBlockList', () => {
  it('BlockRangeCountNotMatch: a count larger than the ranges that are there is dropped', async () => {
    await expectDropped(withWord(encodeRequest(getBlockList(version1.info)), RANGE_COUNT, 2));
  });

  it('BlockRangesEmpty: no ranges are answered with none', async () => {
    expect(await ask(getBlockList(version1.info, []))).toMatchObject({ _tag: 'BlockList', ranges: [] });
  });

  it('a segment of version 2 has block 0', async () => {
    const all = [{ index: 0, count: 512 }];
    expect(await ask(getBlockList(version2.info, all))).toMatchObject({
      _tag: 'BlockList',
      ranges: FIRST_BLOCK,
    });
  });
});

describe('PccrrServer_GetBlocks', () => {
  it('BlockRangeCountNotMatch: a count larger than the ranges that are there is dropped', async () => {
    await expectDropped(withWord(encodeRequest(getBlocks(version1.info)), RANGE_COUNT, 2));
  });

  it('BlockRangesEmpty: no ranges are answered with an empty block', async () => {
    const { data } = (await ask(getBlocks(version1.info, 'aes-128-cbc', []))) as BlockResponse;
    expect(Buffer.concat(data)).toHaveLength(0);
  });

  it('a segment of version 2 has no block 1', async () => {
    const second = [{ index: 1, count: 1 }];
    const answer = (await ask(getBlocks(version2.info, 'aes-128-cbc', second))) as BlockResponse;
    expect(answer).toMatchObject({ _tag: 'Block', blockIndex: 1, nextBlockIndex: 0 });
    expect(Buffer.concat(answer.data)).toHaveLength(0);
  });
});

describe('ranges that the suite never sends', () => {
  const untidy = [
    { index: 1, count: 1 },
    { index: 0, count: 2 },
    { index: 1, count: 511 },
    { index: 0, count: 1 },
  ];

  it('unsorted, overlapping and repeated are answered sorted and merged', async () => {
    expect(await ask(getBlockList(version1.info, untidy))).toMatchObject({
      ranges: [{ index: 0, count: 2 }],
      nextBlockIndex: 0,
    });
  });

  it('of several blocks the lowest is answered', async () => {
    expect(await ask(getBlocks(version1.info, 'aes-128-cbc', untidy))).toMatchObject({
      blockIndex: 0,
      nextBlockIndex: 1,
    });
  });
});

describe('PccrrServer_GetSegList', () => {
  const unknown = Buffer.alloc(32, 9);

  it('SegmentIDCountNotMatch: a count larger than the ids that are there is dropped', async () => {
    await expectDropped(withWord(encodeRequest(getSegmentList([version1.info.id])), 32, 2));
  });

  it('SegmentIDEmpty: a list of no segments is dropped', async () => {
    await expectDropped(encodeRequest(getSegmentList([])));
  });

  it('ExtensibleBlob: ages of segments are accepted, and what is here of both versions is listed', async () => {
    const ids = [unknown, version1.info.id, version2.info.id, unknown, version2.info.id];
    const blob = encodeSegmentAges([{ segment: 0, milliseconds: 600_000 }]);
    expect(await ask(getSegmentList(ids, blob))).toMatchObject({
      _tag: 'SegmentList',
      requestId: Buffer.alloc(16, 7),
      ranges: [
        { index: 1, count: 2 },
        { index: 4, count: 1 },
      ],
    });
  });

  it.each(['', '00', '000203ff', '000109ff'])('a blob %o that is none harms nothing', async (hex) => {
    const request = getSegmentList([version1.info.id], Buffer.from(hex, 'hex'));
    expect(await ask(request)).toMatchObject({ _tag: 'SegmentList', ranges: [{ index: 0, count: 1 }] });
  });
});
