import { describe, expect, it } from 'vitest';
import { HttpError } from '../../../../src/engine/distribution/retrieval/http-head.js';
import {
  HttpMessageReader,
  MAX_HEAD_LENGTH,
  type HttpMessageKind,
} from '../../../../src/engine/distribution/retrieval/http-message-reader.js';
import { readRequestHead } from '../../../../src/engine/distribution/retrieval/http-request-head.js';
import { readResponseHead } from '../../../../src/engine/distribution/retrieval/http-response-head.js';
import { mutate, randomFrom, type Random } from './mutations.js';

/** Another one with every run; `FUZZ_SEED` repeats a run, `FUZZ_MS` makes it longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const budgetMs = Number(process.env['FUZZ_MS'] ?? 1_000);

/** Also on a machine that has no time. */
const LEAST_RUNS = 300;

const LONGEST_BODY = 1_000;
/** Bytes of which a stream is never longer. */
const LONGEST = 40_000;

/** What came of a stream: each message, and how it ended. */
type Outcome = readonly string[];

/** Reads `pieces` as they come. Throws what is no refusal. */
const readStream = <Head>(
  readHead: HttpMessageKind<Head>['readHead'],
  pieces: readonly Buffer[],
): { readonly outcome: Outcome; readonly memory: number } => {
  const reader = new HttpMessageReader({ maxBody: LONGEST_BODY, usualLength: 64, readHead });
  const outcome: string[] = [];
  let memory = 0;
  try {
    for (const piece of pieces) {
      const room = reader.room(piece.length);
      memory = Math.max(memory, room.buffer.byteLength);
      room.set(piece);
      reader.received(piece.length);
      for (let message = reader.read(); message !== undefined; message = reader.read()) {
        outcome.push(`${JSON.stringify(message.head)} ${message.body.toString('hex')}`);
        reader.next();
      }
      memory = Math.max(memory, reader.room().buffer.byteLength);
    }
    outcome.push(`${JSON.stringify(reader.end().head)} until the end`);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    outcome.push(`${error.status} ${error.message}`);
  }
  return { outcome, memory };
};

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const BODIES = [
  'Content-Length: 5\r\n\r\nhello',
  'Content-Length: 0\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n1;a=b\r\nh\r\n00004\r\nello\r\n0\r\nA: b\r\nC: d\r\n\r\n',
  'Content-Length: 1000\r\n\r\n' + 'x'.repeat(1_000),
  'Transfer-Encoding: chunked\r\n\r\n3e8\r\n' + 'x'.repeat(1_000) + '\r\n0\r\n\r\n',
];
const REQUEST_LINES = [
  'POST /116B50EB-ECE2-41ac-8429-9F9E963361B7/ HTTP/1.1\r\nHost: a:80\r\n',
  'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n',
  'POST /x HTTP/1.0\r\n',
];
const RESPONSE_LINES = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n',
  'HTTP/1.1 503 Busy\r\n',
];

const streamsOf = (heads: readonly string[]): readonly Buffer[] =>
  heads
    .flatMap((head) => BODIES.map((body) => latin1(head + body)))
    .concat(heads.map((head) => latin1(head + '\r\nto the end')))
    .concat(latin1(heads.flatMap((head) => BODIES.map((body) => head + body)).join('')));

/** Cuts at up to 8 places, or everywhere. */
const cutUp = (bytes: Buffer, random: Random): readonly Buffer[] => {
  if (random(8) === 0) return [...bytes].map((byte) => Buffer.from([byte]));
  const cuts = Array.from({ length: random(9) }, () => random(bytes.length + 1));
  const at = [...new Set([0, ...cuts, bytes.length])].sort((one, other) => one - other);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};

const SIDES = [
  {
    side: 'a server',
    corpus: streamsOf(REQUEST_LINES),
    read: (pieces: readonly Buffer[]) => readStream(readRequestHead, pieces),
  },
  {
    side: 'a client',
    corpus: streamsOf(RESPONSE_LINES),
    read: (pieces: readonly Buffer[]) => readStream(readResponseHead, pieces),
  },
];

/** The reader keeps a head, a body and what came with them, and doubles its memory as it grows. */
const MOST_MEMORY = 2 * (MAX_HEAD_LENGTH + LONGEST_BODY + LONGEST);

describe.each(SIDES)('HTTP that $side reads', ({ corpus, read }) => {
  it(
    `is the same however it is cut, whatever it is (FUZZ_SEED=${seed})`,
    () => {
      const random = randomFrom(seed);
      const heard = new Set<string>();
      const end = performance.now() + budgetMs;
      for (let runs = 0; runs < LEAST_RUNS || performance.now() < end; runs += 1) {
        const [one, other] = [corpus[random(corpus.length)]!, corpus[random(corpus.length)]!];
        const bytes = random(4) === 0 ? one : mutate(one, random, other, LONGEST);
        const whole = read([bytes]);
        const cut = read(cutUp(bytes, random));
        expect(cut.outcome, bytes.toString('hex')).toEqual(whole.outcome);
        expect(Math.max(whole.memory, cut.memory)).toBeLessThanOrEqual(MOST_MEMORY);
        for (const line of whole.outcome) heard.add(line.replace(/[\da-f]{8,}/g, ''));
      }
      // It got behind the first line of defence.
      expect(heard.size).toBeGreaterThan(5);
    },
    budgetMs + 30_000,
  );
});
