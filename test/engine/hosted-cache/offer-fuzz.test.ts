import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { describe, expect, it } from 'vitest';
import { describeForOffer, encodeOffer } from '../../../src/engine/distribution/wire/index.js';
import { afterwards, fakePeer, segmentOf } from '../retrieval/harness.js';
import { mutate, randomFrom } from '../wire/fuzz/mutations.js';
import { batch, startCache, TAG, V1_PATH, V2_PATH } from './harness.js';
import { selfSigned } from './self-signed.js';

/** Another one with every run; `FUZZ_SEED` repeats a run, `FUZZ_MS` makes it longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const budgetMs = Number(process.env['FUZZ_MS'] ?? 1_000);

/** Where an offer says on which port its sender serves. */
const PORT_AT = 8;

const segments = [1_000, 70_000, 200_000].map((length, index) => segmentOf(length, `secret ${index}`).info);
const informationOf = (index: number): Buffer =>
  describeForOffer({ info: segments[index]!, offsetInContent: 0 });

const initial = encodeOffer({ _tag: 'InitialOffer', port: 1, segmentId: segments[0]!.id });
const SIDES = [
  { path: V2_PATH, how: 'HTTP', corpus: [batch(1, segments), batch(1, segments.slice(1)), initial] },
  {
    path: V1_PATH,
    how: 'HTTPS',
    corpus: [
      initial,
      ...segments.map((_, index) =>
        encodeOffer({
          _tag: 'SegmentInfo',
          port: 1,
          contentTag: TAG,
          contentInformation: informationOf(index),
        }),
      ),
      batch(1, segments),
    ],
  },
] as const;

describe.each(SIDES)('offers over $how', ({ path, how, corpus }) => {
  it(
    `get an answer or a refusal, whatever is in them, and disturb nobody (FUZZ_SEED=${seed})`,
    async () => {
      const secure = await selfSigned();
      const { cache } = await startCache({ secure: { ...secure, listen: { host: '127.0.0.1', port: 0 } } });
      // What is offered is fetched from nobody else than who offers it.
      const offering = await fakePeer((socket) => void socket.resetAndDestroy());
      const port = Number(offering.peer.split(':')[1]);
      const isSecure = how === 'HTTPS';
      const agent = isSecure
        ? new SecureAgent({ keepAlive: true, ca: secure.cert })
        : new PlainAgent({ keepAlive: true });
      afterwards(async () => agent.destroy());
      const to = {
        host: '127.0.0.1',
        port: isSecure ? cache.secureEndpoint!.port : cache.endpoint.port,
        path,
        method: 'POST',
        agent,
      };
      const offer = async (body: Uint8Array): Promise<string> => {
        const sent = isSecure ? secureRequest(to) : plainRequest(to);
        const [response] = (await once(sent.end(body), 'response')) as [IncomingMessage];
        const chunks: Buffer[] = [];
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        return `${response.statusCode} ${Buffer.concat(chunks).toString('hex')}`;
      };
      const random = randomFrom(seed);
      const heard = new Set<string>();
      for (const end = performance.now() + budgetMs; performance.now() < end;) {
        const [one, other] = [corpus[random(corpus.length)]!, corpus[random(corpus.length)]!];
        const bytes = Buffer.from(mutate(one, random, other, 300_000));
        if (bytes.length >= PORT_AT + 2) bytes.writeUInt16BE(port, PORT_AT);
        const answer = await offer(bytes);
        expect(answer, bytes.toString('hex')).toMatch(/^(?:200 000000010[01]|400 |413 )$/);
        heard.add(answer);
      }
      expect(heard.size).toBeGreaterThan(1);
      expect(cache.contents()).toEqual({ segments: 0, bytes: 0 });
      const [good] = corpus;
      expect(await offer(good)).toMatch(/^200 /);
    },
    budgetMs + 30_000,
  );
});
