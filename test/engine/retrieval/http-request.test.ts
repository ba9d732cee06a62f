import { test, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { HttpError } from '../../../src/engine/distribution/retrieval/http-head.js';
import { HttpMessageReader } from '../../../src/engine/distribution/retrieval/http-message-reader.js';
import {
  readRequestHead,
  type RequestHead,
} from '../../../src/engine/distribution/retrieval/http-request-head.js';

const LIMIT = 1_000;

interface Read extends RequestHead {
  readonly body: string;
}

/** The requests in `pieces`, up to the first that is refused, and the status it is refused with. */
const parse = (pieces: readonly Uint8Array[]): { readonly requests: Read[]; readonly refused?: number } => {
  const reader = new HttpMessageReader({ maxBody: LIMIT, usualLength: 64, readHead: readRequestHead });
  const requests: Read[] = [];
  try {
    for (const piece of pieces) {
      reader.room(piece.length).set(piece);
      reader.received(piece.length);
      for (let message = reader.read(); message !== undefined; message = reader.read()) {
        requests.push({ ...message.head, body: message.body.toString('latin1') });
        reader.next();
      }
    }
    return { requests };
  } catch (error) {
    expect(error).toBeInstanceOf(HttpError);
    return { requests, refused: (error as HttpError).status };
  }
};

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const singly = (text: string): Buffer[] => [...latin1(text)].map((byte) => Buffer.from([byte]));
const POST = 'POST /x HTTP/1.1\r\nHost: h\r\n';
const posted = { method: 'POST', target: '/x', keepAlive: true, expectsContinue: false };

describe('requests', () => {
  it.each<readonly [string, string, readonly Partial<Read>[]]>([
    ['with a length', `${POST}Content-Length: 3\r\n\r\nabc`, [{ ...posted, body: 'abc' }]],
    ['without a body', `${POST}\r\n`, [{ ...posted, body: '' }]],
    [
      'in chunks',
      `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`,
      [{ body: 'abc' }],
    ],
    [
      'in chunks with trailers',
      `${POST}Transfer-Encoding: chunked\r\n\r\n1;a=b\r\nc\r\n0\r\nA: b\r\n\r\n`,
      [{ body: 'c' }],
    ],
    ['that announce a close', `${POST}Connection: close\r\n\r\n`, [{ keepAlive: false }]],
    ['that wait for a go-ahead', `${POST}Expect: 100-Continue\r\n\r\n`, [{ expectsContinue: true }]],
    [
      'with a whole URL',
      'POST http://h.example:80/x HTTP/1.1\r\nHost: h\r\n\r\nPOST HTTP://[::1]/x?y HTTP/1.1\r\nHost: h\r\n\r\n',
      [posted, { target: '/x?y' }],
    ],
    [
      'with what is no URL of a host',
      ['http:///x', 'http://me:secret@h/x', 'http:/x', 'ftp://h/x', 'http://h\\x/x']
        .map((target) => `POST ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
        .join(''),
      ['http:///x', 'http://me:secret@h/x', 'http:/x', 'ftp://h/x', 'http://h\\x/x'].map((target) => ({
        target,
      })),
    ],
    ['of HTTP/1.0', 'POST /x HTTP/1.0\r\nContent-Length: 1\r\n\r\na', [{ keepAlive: false, body: 'a' }]],
    [
      'one behind the other',
      `${POST}Content-Length: 1\r\n\r\na${POST}Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n${POST}\r\n`,
      [{ body: 'a' }, { body: 'b' }, { body: '' }],
    ],
  ])('%s are read, whole or byte by byte', (_name, text, expected) => {
    for (const pieces of [[latin1(text)], singly(text)]) {
      expect(parse(pieces)).toEqual({
        requests: expected.map((request) => expect.objectContaining(request) as unknown),
      });
    }
  });

  it.each<readonly [string, string, number]>([
    ['another protocol', 'EHLO x\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 400],
    ['lines that end in LF', 'POST /x HTTP/1.1\nHost: h\n\n\r\n\r\n', 400],
    ['a lone CR in a header', `${POST}A: b\rContent-Length: 5\r\n\r\n`, 400],
    ['a lone LF in a header', `${POST}A: b\nContent-Length: 5\r\n\r\n`, 400],
    ['a NUL in a header', `${POST}A: b\0c\r\n\r\n`, 400],
    ['no host', 'POST /x HTTP/1.1\r\n\r\n', 400],
    ['two hosts', `${POST}Host: i\r\n\r\n`, 400],
    ['a space in the target', 'POST /x y HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['a space before the colon', `${POST}Content-Length : 1\r\n\r\na`, 400],
    ['a folded header', `${POST}A: b\r\n c\r\n\r\n`, 400],
    ['a header of no name', `${POST}: b\r\n\r\n`, 400],
    ['a header without a colon', `${POST}Nonsense\r\n\r\n`, 400],
    ['a length and chunks', `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na`, 400],
    ['two lengths', `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    ['a list of lengths', `${POST}Content-Length: 1, 1\r\n\r\na`, 400],
    ['a length with a sign', `${POST}Content-Length: +1\r\n\r\na`, 400],
    ['a length of no digits', `${POST}Content-Length:\r\n\r\n`, 400],
    ['a length of sixteen digits', `${POST}Content-Length: 1000000000000000\r\n\r\n`, 400],
    ['another coding', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
    ['chunks twice', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n`, 501],
    ['chunks in HTTP/1.0', 'POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a chunk size with 0x', `${POST}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n`, 400],
    ['a chunk size of nine digits', `${POST}Transfer-Encoding: chunked\r\n\r\n000000001\r\na\r\n`, 400],
    ['a chunk longer than it says', `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\nabc`, 400],
    ['a long chunk line', `${POST}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(300)}`, 400],
    [
      'trailers without end',
      `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(4_000)}`,
      400,
    ],
    ['a body over the limit', `${POST}Content-Length: ${LIMIT + 1}\r\n\r\n`, 413],
    [
      'chunks over the limit',
      `${POST}Transfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(LIMIT + 1)}`,
      413,
    ],
    ['a head over the limit', `${POST}A: ${'a'.repeat(20_000)}`, 431],
    ['another expectation', `${POST}Expect: wonders\r\n\r\n`, 417],
  ])('%s is refused', (_name, text, status) => {
    expect(parse([latin1(text)])).toEqual({ requests: [], refused: status });
    expect(parse(singly(text))).toEqual({ requests: [], refused: status });
  });

  it('a head that takes all the room there is costs no time', () => {
    // A pattern that backtracks would take minutes for this.
    expect(parse([latin1(`${POST}A:${' '.repeat(16_000)}\x01\r\n\r\n`)]).refused).toBe(400);
  });
});

const body = fc.string({ maxLength: 200, unit: 'binary-ascii' });
const request = fc.tuple(body, fc.boolean()).map(([text, chunked]) => ({
  text,
  coded: chunked
    ? `${POST}Transfer-Encoding: chunked\r\n\r\n${text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`}0\r\n\r\n`
    : `${POST}Content-Length: ${text.length}\r\n\r\n${text}`,
}));

describe('whatever way the bytes are cut', () => {
  test.prop([fc.array(request, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 })])(
    'the same requests are read',
    (requests, cuts) => {
      const bytes = latin1(requests.map(({ coded }) => coded).join(''));
      const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
      at.sort((one, other) => one - other);
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      const { requests: read, refused } = parse(pieces);
      expect(refused).toBeUndefined();
      expect(read.map(({ body: text }) => text)).toEqual(requests.map(({ text }) => text));
    },
  );

  test.prop([fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), fc.boolean()], { numRuns: 500 })(
    'nonsense is refused or waited for',
    (junk, chunked) => {
      const head = `${POST}${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 20'}\r\n\r\n`;
      for (const pieces of [junk, [latin1(head), ...junk]]) {
        for (const { body: text } of parse(pieces).requests) expect(text.length).toBeLessThanOrEqual(LIMIT);
      }
    },
  );
});
