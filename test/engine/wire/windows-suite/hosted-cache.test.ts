import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { SegmentInfo } from '../../../../src/engine/distribution/ports.js';
import {
  contentInformationOf,
  decodeResponse,
  decryptBlock,
  describeForOffer,
  describeSegment,
  encodeOffer,
  encodeRequest,
  encodeResponse,
  encryptBlock,
  IV_LENGTH,
  type BlockCipher,
  type BlockRequest,
  type BlockResponse,
} from '../../../../src/engine/distribution/wire/index.js';
import {
  batch,
  eventsOf,
  post,
  startCache,
  TAG,
  untilHeld,
  V1_PATH,
  V2_PATH,
} from '../../hosted-cache/harness.js';
import { selfSigned } from '../../hosted-cache/self-signed.js';
import { fakePeer, http, type FakePeer } from '../../retrieval/harness.js';

/*
 * The methods of Microsoft's protocol test suite for hosted caches, under their names (without HostedCacheServer_).
 * As there, content, hashes and secrets are random: a cache must not need to understand what it holds.
 */

const RETRIEVAL_PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
const OK = '0000000100';
const INTERESTED = '0000000101';
const ONE_BLOCK = [{ index: 0, count: 1 }];

type Version = 1 | 2;

interface Offered {
  readonly version: Version;
  readonly info: SegmentInfo;
  readonly content: Buffer;
}

/** One block of random content with random hashes. */
const randomSegment = (version: Version): Offered => {
  const content = randomBytes(65_536);
  const hash = version === 1 ? 'sha256' : 'truncated-sha512';
  const blockHashes = [randomBytes(32)];
  const info = describeSegment({ hash, serverKey: randomBytes(32), length: content.length, blockHashes });
  return { version, info: { ...info, blockHashes: [randomBytes(32)] }, content };
};

/** The body of an answer of the client to the cache, before somebody changes it. */
const answerOf = ({ info, content }: Offered, asked: BlockRequest, cipher: BlockCipher): Buffer => {
  const segmentId = info.id;
  if (asked._tag === 'GetBlockList') {
    return encodeResponse({ _tag: 'BlockList', cipher, segmentId, ranges: ONE_BLOCK, nextBlockIndex: 0 });
  }
  const iv = cipher === 'none' ? Buffer.alloc(0) : randomBytes(IV_LENGTH);
  const data = encryptBlock(cipher, info.secret, iv, content);
  return encodeResponse({ _tag: 'Block', cipher, segmentId, blockIndex: 0, nextBlockIndex: 0, data, iv });
};

/** The client that offers: it serves `offered`, and `change` is done to each block it sends. */
const clientWith = (
  offered: Offered,
  cipher: BlockCipher = 'aes-128-cbc',
  change: (body: Buffer) => Buffer = (body) => body,
): Promise<FakePeer> =>
  fakePeer((socket, asked) => {
    const body = answerOf(offered, asked, cipher);
    socket.write(http(asked._tag === 'GetBlocks' ? change(body) : body));
  });

const portOf = ({ peer }: FakePeer): number => Number(peer.split(':')[1]);

let secure: { readonly cert: string; readonly key: string };
beforeAll(async () => {
  secure = await selfSigned();
});

const startSecureCache = async () => {
  const started = await startCache({ secure: { ...secure, listen: { host: '127.0.0.1', port: 0 } } });
  const port = started.cache.secureEndpoint?.port;
  /** Status and body of the answer to an offer by HTTPS. */
  const offerV1 = async (body: Uint8Array): Promise<{ readonly status: number; readonly body: string }> => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path: V1_PATH,
      method: 'POST',
      ca: secure.cert,
      agent: false,
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('hex') };
  };
  const offerV2 = (body: Uint8Array) => post(started.peer, V2_PATH, body);
  /** Offers a segment in the way of its version. */
  const offer = async ({ version, info }: Offered, client: FakePeer): Promise<void> => {
    const port = portOf(client);
    if (version === 2) {
      expect(await offerV2(batch(port, [info]))).toEqual({ status: 200, body: OK });
    } else {
      expect(await offerV1(initialOffer(port, info))).toEqual({ status: 200, body: INTERESTED });
      expect(await offerV1(segmentInfo(port, informationOf(info)))).toEqual({ status: 200, body: OK });
    }
  };
  const ask = async (message: Buffer) =>
    decodeResponse(Buffer.from((await post(started.peer, RETRIEVAL_PATH, message)).body, 'hex'));
  const getBlock = async ({ info }: Offered): Promise<BlockResponse> =>
    (await ask(
      encodeRequest({ _tag: 'GetBlocks', cipher: 'aes-128-cbc', segmentId: info.id, ranges: ONE_BLOCK }),
    )) as BlockResponse;
  return { ...started, offerV1, offerV2, offer, ask, getBlock };
};

type Cache = Awaited<ReturnType<typeof startSecureCache>>;

const initialOffer = (port: number, { id }: SegmentInfo): Buffer =>
  encodeOffer({ _tag: 'InitialOffer', port, segmentId: id });

const segmentInfo = (port: number, contentInformation: Uint8Array): Buffer =>
  encodeOffer({ _tag: 'SegmentInfo', port, contentTag: TAG, contentInformation });

const informationOf = (info: SegmentInfo): Buffer =>
  describeForOffer(contentInformationOf([info]).segments[0]!);

const changed = (bytes: Buffer, at: number, ...values: readonly number[]): Buffer => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

/** The size at `at`, one more than it is. */
const sizeAfter = (body: Buffer, at: number): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.readUInt32BE(at) + 1);
  return size;
};

/** No connection to the client within the time in which honest offers are long fetched. */
const expectNothingFetched = async (cache: Cache, client: FakePeer): Promise<void> => {
  const honest = randomSegment(2);
  await cache.offer(honest, await clientWith(honest));
  await untilHeld(cache.cache, 1);
  expect(client.requests).toEqual([]);
};

const expectDropped = async (
  answer: Promise<{ readonly status: number; readonly body: string }>,
): Promise<void> => {
  const { status, body } = await answer;
  expect(status).toBeGreaterThanOrEqual(400);
  expect(body).toBe('');
};

describe('CacheOfferingRetrieval', () => {
  it.each([1, 2] as const)('BVT_CacheOfferingRetrieval_V%d', async (version) => {
    const cache = await startSecureCache();
    const offered = randomSegment(version);
    await cache.offer(offered, await clientWith(offered));
    await untilHeld(cache.cache, 1);
    const { id } = offered.info;
    const list = encodeRequest(
      version === 1
        ? { _tag: 'GetBlockList', cipher: 'aes-128-cbc', segmentId: id, ranges: ONE_BLOCK }
        : {
            _tag: 'GetSegmentList',
            cipher: 'aes-128-cbc',
            requestId: randomBytes(16),
            segmentIds: [id],
            extensibleBlob: Buffer.alloc(0),
          },
    );
    expect(await cache.ask(list)).toMatchObject({ ranges: ONE_BLOCK });
    const { cipher, iv, data } = await cache.getBlock(offered);
    const plain = decryptBlock(cipher, offered.info.secret, iv, Buffer.concat(data));
    expect(plain.equals(offered.content)).toBe(true);
  });
});

describe('PchcServer: what gets no answer', () => {
  it.each<readonly [string, (offer: Buffer) => Buffer]>([
    ['MessageHeader_VersionIncompatible', (offer) => changed(offer, 0, 0xfe, 0xfe)],
    ['MessageHeader_TypeInvalid', (offer) => changed(offer, 2, 0xfe, 0xfe)],
  ])('%s', async (_name, change) => {
    const cache = await startSecureCache();
    const { info } = randomSegment(1);
    await expectDropped(cache.offerV1(change(initialOffer(80, info))));
    await expectDropped(cache.offerV1(change(segmentInfo(80, informationOf(info)))));
    await expectDropped(cache.offerV2(change(batch(80, [info]))));
  });

  it.each<readonly [string, (offer: Buffer) => Buffer]>([
    ['BatchedOffer_SegmentDescriptorEmpty', (offer) => offer.subarray(0, 16)],
    [
      'BatchedOffer_SegmentDescriptorTooMany',
      (offer) => Buffer.concat([offer.subarray(0, 16), ...Array<Buffer>(129).fill(offer.subarray(16))]),
    ],
    [
      'BatchedOffer_ContentTagEmpty',
      (offer) => Buffer.concat([offer.subarray(0, 24), Buffer.alloc(2), offer.subarray(42)]),
    ],
  ])('%s', async (_name, change) => {
    const cache = await startSecureCache();
    await expectDropped(cache.offerV2(change(batch(80, [randomSegment(2).info]))));
  });
});

/* Where the hash and the number of segments stand in content information of version 1. */
const HASH = 2;
const SEGMENT_COUNT = 14;

/** The one segment described twice, the second time behind 32 MiB that the first then has. */
const twice = (information: Buffer): Buffer => {
  const header = changed(information.subarray(0, 18), SEGMENT_COUNT, 2);
  const description = information.subarray(18, 98);
  const blocks = information.subarray(98);
  const first = changed(description, 8, 0, 0, 0, 2);
  const second = changed(description, 0, 0, 0, 0, 2);
  return Buffer.concat([header, first, second, blocks, blocks]);
};

describe('PchcServer: what is answered and not fetched', () => {
  it.each<readonly [string, (information: Buffer) => Buffer]>([
    ['SegmentInfo_VersionIncompatible', (information) => changed(information, 0, 0xfe, 0xfe)],
    ['SegmentInfo_HashAlgoInvalid', (information) => changed(information, HASH, 0xfe, 0xfe)],
    ['SegmentInfo_SegmentsEmpty', (information) => changed(information, SEGMENT_COUNT, 0).subarray(0, 18)],
    ['SegmentInfo_SegmentsMultiple', twice],
  ])('%s', async (_name, change) => {
    const cache = await startSecureCache();
    const offered = randomSegment(1);
    const client = await clientWith(offered);
    const information = change(informationOf(offered.info));
    expect(await cache.offerV1(segmentInfo(portOf(client), information))).toEqual({ status: 200, body: OK });
    await expectNothingFetched(cache, client);
  });

  it('BatchedOffer_HashAlgoInvalid', async () => {
    const cache = await startSecureCache();
    const offered = randomSegment(2);
    const client = await clientWith(offered);
    const offer = changed(batch(portOf(client), [offered.info]), 16 + 26, 0xfe);
    expect(await cache.offerV2(offer)).toEqual({ status: 200, body: OK });
    await expectNothingFetched(cache, client);
  });
});

describe('PchcServer: what is here already', () => {
  it('InitialOffer_ContentRereieved: OK, as everything is here', async () => {
    const cache = await startSecureCache();
    const offered = randomSegment(1);
    const client = await clientWith(offered);
    await cache.offer(offered, client);
    await untilHeld(cache.cache, 1);
    expect(await cache.offerV1(initialOffer(portOf(client), offered.info))).toEqual({
      status: 200,
      body: OK,
    });
  });

  it('InitialOffer_SegmentInfoRetrieved: INTERESTED, as long as blocks are missing', async () => {
    const cache = await startSecureCache();
    const offered = randomSegment(1);
    const silent = await fakePeer(() => undefined);
    await cache.offer(offered, silent);
    const again = await cache.offerV1(initialOffer(portOf(silent), offered.info));
    expect(again).toEqual({ status: 200, body: INTERESTED });
  });

  it('BatchedOffer_ContentRetrieved: OK, and nothing is fetched again', async () => {
    const cache = await startSecureCache();
    const offered = randomSegment(2);
    const client = await clientWith(offered);
    await cache.offer(offered, client);
    await untilHeld(cache.cache, 1);
    const before = client.requests.length;
    await cache.offer(offered, client);
    const other = randomSegment(2);
    await cache.offer(other, await clientWith(other));
    await untilHeld(cache.cache, 2);
    expect(client.requests).toHaveLength(before);
  });
});

describe.each([1, 2] as const)('PccrrClient, version %d', (version) => {
  it.each([
    ['CryptoAlgoIdAES192', 'aes-192-cbc'],
    ['CryptoAlgoIdAES256', 'aes-256-cbc'],
    ['CryptoAlgoIdNoEncryption', 'none'],
  ] as const)('MessageHeader_%s: stored and replayed as it came', async (_name, cipher) => {
    const cache = await startSecureCache();
    const offered = randomSegment(version);
    await cache.offer(offered, await clientWith(offered, cipher));
    await untilHeld(cache.cache, 1);
    const block = await cache.getBlock(offered);
    expect(block.cipher).toBe(cipher);
    const plain = decryptBlock(cipher, offered.info.secret, block.iv, Buffer.concat(block.data));
    expect(plain.equals(offered.content)).toBe(true);
  });

  it.each<readonly [string, (body: Buffer) => Buffer]>([
    ['MessageHeader_TypeInvalid', (body) => changed(body, 8, 0, 0, 0xfe, 0xfe)],
    ['MessageHeader_ProtoVerIncompatible', (body) => changed(body, 4, 0xfe, 0xfe, 0xfe, 0xfe)],
    ['GetBlocks_SizeOfBlockNotMatch', (body) => changed(body, 64, ...sizeAfter(body, 64))],
    [
      'GetBlocks_SizeOfIVBlockNotMatch',
      (body) => changed(body, body.length - 20, ...sizeAfter(body, body.length - 20)),
    ],
  ])('%s: nothing is kept', async (_name, change) => {
    const cache = await startSecureCache();
    const offered = randomSegment(version);
    await cache.offer(offered, await clientWith(offered, 'aes-128-cbc', change));
    await vi.waitFor(() => expect(eventsOf(cache.events, 'PeerFailed')).not.toHaveLength(0), 20_000);
    expect(cache.cache.contents().segments).toBe(0);
    expect(Buffer.concat((await cache.getBlock(offered)).data)).toHaveLength(0);
  });
});
