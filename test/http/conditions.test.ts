import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContentServer, sendContent } from '../../src/http/index.js';
import { ask, contentOf, listen, type Machine, sha256, startMachine } from './support.js';

const CONTENT = contentOf(100);
const ETAG = `"${sha256(CONTENT).toString('base64url')}"`;
const MODIFIED = 'Fri, 01 Aug 2008 01:02:03 GMT';
const BEFORE = 'Fri, 01 Aug 2008 01:02:02 GMT';
const AFTER = 'Fri, 01 Aug 2008 01:02:04 GMT';
const PART = { range: 'bytes=10-19' };

let machine: Machine;
let origin: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  machine = await startMachine();
  const content = createContentServer({ session: machine.session });
  // Half a second that no date in a header can tell.
  const modified = new Date(Date.parse(MODIFIED) + 500);
  origin = await listen((request, response) => {
    response.setHeader('Content-Type', 'text/plain').setHeader('Cache-Control', 'max-age=5');
    const bytes = request.url === '/empty' ? Buffer.alloc(0) : CONTENT;
    void sendContent(content, request, response, { bytes, modified });
  });
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

describe('conditions, by RFC 9110, 13', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 200],
    [{ 'if-none-match': ETAG }, 304],
    [{ 'if-none-match': `W/${ETAG}` }, 304],
    [{ 'if-none-match': `"other", ${ETAG}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': MODIFIED }, 304],
    [{ 'if-modified-since': AFTER }, 304],
    [{ 'if-modified-since': BEFORE }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': AFTER }, 200],
    [{ 'if-match': ETAG }, 200],
    [{ 'if-match': `"other" , ${ETAG}` }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-match': `W/${ETAG}` }, 412],
    [{ 'if-unmodified-since': MODIFIED }, 200],
    [{ 'if-unmodified-since': BEFORE }, 412],
    [{ 'if-unmodified-since': 'yesterday' }, 200],
    [{ 'if-match': ETAG, 'if-unmodified-since': BEFORE }, 200],
    [{ 'if-match': '"other"', 'if-none-match': ETAG }, 412],
    [{ ...PART }, 206],
    [{ ...PART, 'if-none-match': ETAG }, 304],
    [{ ...PART, 'if-range': ETAG }, 206],
    [{ ...PART, 'if-range': MODIFIED }, 206],
    [{ ...PART, 'if-range': BEFORE }, 200],
    [{ ...PART, 'if-range': AFTER }, 200],
    [{ ...PART, 'if-range': '"other"' }, 200],
    [{ ...PART, 'if-range': `W/${ETAG}` }, 200],
    [{ ...PART, 'if-range': 'yesterday' }, 200],
    [{ range: 'bytes=100-', 'if-range': '"other"' }, 200],
  ])('%o is answered with %i', async (headers, status) => {
    const answer = await ask(origin.url, { headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.etag).toBe(ETAG);
    expect(answer.headers['last-modified']).toBe(MODIFIED);
    // What compresses parts would make another content's parts of them.
    expect(answer.headers['cache-control']).toBe(status === 206 ? 'max-age=5, no-transform' : 'max-age=5');
    const body = { 200: CONTENT, 206: CONTENT.subarray(10, 20) }[status] ?? Buffer.alloc(0);
    expect(answer.body.equals(body)).toBe(true);
    expect(answer.headers['content-type']).toBe(body.length > 0 ? 'text/plain' : undefined);
  });
});

describe('ranges, by RFC 9110, 14', () => {
  it.each([
    ['a suffix longer than the content', 'bytes=-101', 206, 'bytes 0-99/100'],
    ['a suffix of nothing', 'bytes=-0', 416, 'bytes */100'],
    ['a start at the end', 'bytes=100-', 416, 'bytes */100'],
    ['an end behind the end', 'bytes=99-5000', 206, 'bytes 99-99/100'],
    ['more digits than a number has', `bytes=${'9'.repeat(400)}-`, 416, 'bytes */100'],
    ['a range upside down', 'bytes=5-4', 200, undefined],
    ['two ranges', 'bytes=0-1,5-6', 200, undefined],
    ['another unit', 'lines=1-2', 200, undefined],
  ])('%s', async (_name, range, status, contentRange) => {
    const answer = await ask(origin.url, { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
  });

  it('have no meaning for HEAD', async () => {
    const { status, headers } = await ask(origin.url, { method: 'HEAD', headers: PART });
    expect(status).toBe(200);
    expect(headers['content-length']).toBe('100');
  });

  it('of nothing are ignored', async () => {
    const { status, headers } = await ask(`${origin.url}/empty`, { headers: { range: 'bytes=0-' } });
    expect(status).toBe(200);
    expect(headers['content-length']).toBe('0');
  });
});
