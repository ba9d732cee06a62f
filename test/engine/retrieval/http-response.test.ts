import { test, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { HttpError } from '../../../src/engine/distribution/retrieval/http-head.js';
import { HttpMessageReader } from '../../../src/engine/distribution/retrieval/http-message-reader.js';
import { readResponseHead } from '../../../src/engine/distribution/retrieval/http-response-head.js';

const LIMIT = 1_000;

interface Outcome {
  readonly body?: string;
  readonly reusable?: boolean;
  readonly fault?: string;
}

/** What becomes of `pieces` and then the end of the connection. */
const parse = (pieces: readonly Uint8Array[]): Outcome => {
  const reader = new HttpMessageReader({ maxBody: LIMIT, usualLength: 64, readHead: readResponseHead });
  try {
    for (const piece of pieces) {
      reader.room(piece.length).set(piece);
      reader.received(piece.length);
      const response = reader.read();
      if (response !== undefined) {
        const reusable = response.head.keepAlive && reader.surplus === 0;
        return { body: response.body.toString('latin1'), reusable };
      }
    }
    return { body: reader.end().body.toString('latin1'), reusable: false };
  } catch (fault) {
    expect(fault).toBeInstanceOf(HttpError);
    return { fault: (fault as HttpError).message };
  }
};

const OK = 'HTTP/1.1 200 OK\r\n';

describe('responses', () => {
  it.each<readonly [string, string, Outcome]>([
    ['with a length', `${OK}Content-Length: 3\r\n\r\nabc`, { body: 'abc', reusable: true }],
    [
      'with the same length twice',
      `${OK}Content-Length: 3\r\ncontent-length:3\r\n\r\nabc`,
      { body: 'abc', reusable: true },
    ],
    ['of no bytes', `${OK}Content-Length: 0\r\n\r\n`, { body: '', reusable: true }],
    [
      'in chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n`,
      { body: 'abc', reusable: true },
    ],
    [
      'in chunks with trailers',
      `${OK}Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n`,
      { body: 'a', reusable: true },
    ],
    ['up to the close', `${OK}\r\nabc`, { body: 'abc', reusable: false }],
    [
      'that announce a close',
      `${OK}Connection: Close\r\nContent-Length: 1\r\n\r\na`,
      { body: 'a', reusable: false },
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', { body: 'a', reusable: false }],
    [
      'after 100 Continue',
      `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 1\r\n\r\na`,
      { body: 'a', reusable: true },
    ],
    ['without a phrase', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na', { body: 'a', reusable: true }],
    ['with bytes behind them', `${OK}Content-Length: 1\r\n\r\nabc`, { body: 'a', reusable: false }],
  ])('%s', (_name, text, outcome) => {
    expect(parse([Buffer.from(text, 'latin1')])).toEqual(outcome);
    const bytes = [...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte]));
    expect(parse(bytes).body).toBe(outcome.body);
  });

  it.each<readonly [string, string, RegExp]>([
    ['another protocol', 'FTP/1.1 200 OK\r\n\r\n', /not HTTP/],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n', /not HTTP/],
    ['another status', 'HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\na', /status 206/],
    ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, /unreadable length/],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n`, /unreadable length/],
    ['a hexadecimal length', `${OK}Content-Length: 0x1\r\n\r\na`, /unreadable length/],
    ['a length and chunks', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na`, /contradictory/],
    ['another coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, /unknown framing/],
    ['a header without a colon', `${OK}Nonsense\r\n\r\n`, /unreadable HTTP header/],
    ['a folded header', `${OK}A: b\r\n c\r\n\r\n`, /unreadable HTTP header/],
    ['a space before the colon', `${OK}Content-Length : 1\r\n\r\na`, /unreadable HTTP header/],
    ['a chunk of no size', `${OK}Transfer-Encoding: chunked\r\n\r\n\r\n`, /chunk of unreadable size/],
    [
      'a chunk longer than it says',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
      /chunk end/,
    ],
    [
      'a long chunk line',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(300)}`,
      /chunk size of more/,
    ],
    [
      'many small chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(LIMIT + 1)}`,
      /more than 1000 bytes/,
    ],
    ['a body over the limit', `${OK}Content-Length: ${LIMIT + 1}\r\n\r\n`, /more than 1000 bytes/],
    ['an unfinished body', `${OK}Content-Length: 3\r\n\r\nab`, /before the end/],
    ['an unfinished head', OK, /before the end/],
  ])('%s is refused', (_name, text, reason) => {
    expect(parse([Buffer.from(text, 'latin1')]).fault).toMatch(reason);
  });
});

const pieces = (text: string, cuts: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text, 'latin1');
  const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};

const body = fc.string({ maxLength: 200, unit: 'binary-ascii' });

describe('whatever way the bytes are cut', () => {
  test.prop([body, fc.array(fc.nat(), { maxLength: 20 })])(
    'a body with a length is the same',
    (text, cuts) => {
      const response = `${OK}Content-Length: ${text.length}\r\n\r\n${text}`;
      expect(parse(pieces(response, cuts))).toEqual({ body: text, reusable: true });
    },
  );

  test.prop([
    fc.array(
      body.filter((text) => text.length > 0),
      { maxLength: 4 },
    ),
    fc.array(fc.nat(), { maxLength: 20 }),
  ])('a body in chunks is the same', (chunks, cuts) => {
    const coded = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
    const response = `${OK}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\n\r\n`;
    expect(parse(pieces(response, cuts))).toEqual({ body: chunks.join(''), reusable: true });
  });

  test.prop([fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), fc.boolean(), fc.boolean()], {
    numRuns: 500,
  })('nonsense is a fault or a body within the limit', (junk, afterHead, chunked) => {
    const head = `${OK}${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 20'}\r\n\r\n`;
    const outcome = parse(afterHead ? [Buffer.from(head), ...junk] : junk);
    expect(outcome.fault !== undefined || outcome.body!.length <= LIMIT).toBe(true);
  });
});
