import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { decodeResponse, encodeRequest } from '../../../src/engine/distribution/wire/index.js';
import { memorySource, segmentOf, startServer } from './harness.js';

const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
/** As many ids as a request has room for. */
const MOST = 2_729;

it('the longest list of segments is looked up a few at a time: the event loop has its turns between', async () => {
  const held = segmentOf(1_000);
  const source = memorySource([held]);
  let [turn, isOver] = [0, false];
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  const lookUps = new Map<number, number>();
  const { port } = await startServer({
    source: {
      find: (id) => {
        lookUps.set(turn, (lookUps.get(turn) ?? 0) + 1);
        return source.find(id);
      },
    },
  });
  const segmentIds = Array.from({ length: MOST }, () => randomBytes(32));
  segmentIds[MOST - 1] = Buffer.from(held.info.id);
  const request = encodeRequest({
    _tag: 'GetSegmentList',
    cipher: 'aes-128-cbc',
    requestId: randomBytes(16),
    segmentIds,
    extensibleBlob: Buffer.alloc(0),
  });
  setImmediate(count);
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    method: 'POST',
    body: new Uint8Array(request),
  });
  const answer = decodeResponse(Buffer.from(await response.arrayBuffer()));
  isOver = true;
  expect(answer).toMatchObject({ _tag: 'SegmentList', ranges: [{ index: MOST - 1, count: 1 }] });
  expect([...lookUps.values()].reduce((sum, one) => sum + one)).toBe(MOST);
  expect(Math.max(...lookUps.values())).toBeLessThanOrEqual(64);
});
