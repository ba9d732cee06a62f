import { request } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  contentInformationOf,
  describeForOffer,
  encodeOffer,
} from '../../../src/engine/distribution/wire/index.js';
import { fakePeer, memorySource, segmentOf, startServer } from '../retrieval/harness.js';
import { batch, eventsOf, startCache, TAG, untilHeld, V1_PATH, V2_PATH } from './harness.js';
import { selfSigned } from './self-signed.js';

const OK = '0000000100';
const INTERESTED = '0000000101';

let secure: { readonly cert: string; readonly key: string };

beforeAll(async () => {
  secure = await selfSigned();
});

const startSecure = async () => {
  const started = await startCache({ secure: { ...secure, listen: { host: '127.0.0.1', port: 0 } } });
  const port = started.cache.secureEndpoint?.port ?? 0;
  /** By HTTPS with the certificate checked; status and body of the answer. */
  const offer = async (body: Uint8Array, path = V1_PATH): Promise<string> => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', ca: secure.cert, agent: false });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return `${response.statusCode} ${Buffer.concat(chunks).toString('hex')}`;
  };
  return { ...started, offer };
};

const initialOffer = (port: number, segmentId: Uint8Array): Buffer =>
  encodeOffer({ _tag: 'InitialOffer', port, segmentId });

const segmentInfo = (port: number, contentInformation: Uint8Array): Buffer =>
  encodeOffer({ _tag: 'SegmentInfo', port, contentTag: TAG, contentInformation });

describe('offers of version 1', () => {
  it('are answered with interest, then with OK; the blocks are fetched', async () => {
    const segment = segmentOf(150_000);
    const { cache, offer, events } = await startSecure();
    const { port } = await startServer({ source: memorySource([segment]) });
    const [placed] = contentInformationOf([segment.info]).segments;
    expect(await offer(initialOffer(port, segment.info.id))).toBe(`200 ${INTERESTED}`);
    expect(await offer(segmentInfo(port, describeForOffer(placed!)))).toBe(`200 ${OK}`);
    await untilHeld(cache, 1);
    await vi.waitFor(() => expect(eventsOf(events, 'BlockResponseReceived')).toHaveLength(3), 20_000);
    expect(await offer(initialOffer(port, segment.info.id), `${V1_PATH}/`)).toBe(`200 ${OK}`);
  });

  it('with content information that is of no use are answered OK, and nothing is fetched', async () => {
    const { offer, cache } = await startSecure();
    const offering = await fakePeer(() => undefined);
    const port = Number(offering.peer.split(':')[1]);
    const [placed] = contentInformationOf([segmentOf(65_536).info]).segments;
    const good = describeForOffer(placed!);
    const changed = (at: number, ...bytes: number[]): Buffer => {
      const copy = Buffer.from(good);
      copy.set(bytes, at);
      return copy;
    };
    const useless = {
      'another version': changed(0, 0, 9),
      'an unknown hash': changed(2, 0xff),
      'no segment': changed(14, 0),
      'two segments': changed(14, 2),
      nothing: Buffer.alloc(0),
    };
    for (const [what, information] of Object.entries(useless)) {
      expect([what, await offer(segmentInfo(port, information))]).toEqual([what, `200 ${OK}`]);
    }
    expect(offering.requests).toEqual([]);
    expect(cache.contents().segments).toBe(0);
  });

  it('get no answer at a wrong path, of a wrong version, or too long', async () => {
    const { offer } = await startSecure();
    const { info } = segmentOf(10);
    expect(await offer(initialOffer(1, info.id), V2_PATH)).toBe('404 ');
    expect(await offer(batch(1, [info]))).toBe('400 ');
    expect(await offer(Buffer.from('nonsense'))).toBe('400 ');
    expect(await offer(Buffer.alloc(300_000))).toBe('413 ');
  });

  it('come from nobody who does not trust the certificate, and that disturbs nobody', async () => {
    const { cache, offer } = await startSecure();
    const sent = request({
      host: '127.0.0.1',
      port: cache.secureEndpoint?.port,
      path: V1_PATH,
      agent: false,
    });
    await expect(once(sent.end(), 'response')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await offer(initialOffer(1, segmentOf(10).info.id))).toBe(`200 ${INTERESTED}`);
  });
});
