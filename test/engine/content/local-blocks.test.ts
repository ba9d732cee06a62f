import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SessionHandle } from '../../../src/driver/index.js';
import {
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
} from '../../../src/engine/distribution/wire/index.js';
import { createRig, openContent, type Rig } from '../driver/rig.js';

const SEGMENTS = 4_000;
const hash = 'truncated-sha512';
const serverKey = deriveServerKey(hash, Buffer.from('secret'));
const INFORMATION = encodeContentInformation(
  contentInformationOf(
    Array.from({ length: SEGMENTS }, () =>
      describeSegment({ hash, serverKey, length: 32_768, blockHashes: [randomBytes(32)] }),
    ),
  ),
);

let rig: Rig;
let session: SessionHandle;
beforeEach(async () => {
  rig = await createRig();
  session = await rig.distribution.startup();
});
afterEach(() => rig.remove());

/** How often the event loop goes round until `done`. */
const turnsUntil = async (done: Promise<unknown>): Promise<number> => {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await done.finally(() => (isOver = true));
  return turns;
};

it('a look for what is here of thousands of segments leaves others their turns', async () => {
  const content = await openContent(rig.distribution, session, INFORMATION);
  const read = rig.distribution.blockRead(session, content, 0, { maxBytes: 1_000, timeoutMs: 0 });
  expect(await turnsUntil(read)).toBeGreaterThan(SEGMENTS / 100);
  expect(await read).toMatchObject({ _tag: 'Missing', offset: 0, length: SEGMENTS * 32_768 });
});

it('such a look stops when it is told to', async () => {
  const content = await openContent(rig.distribution, session, INFORMATION);
  const controller = new AbortController();
  const request = { maxBytes: 1_000, timeoutMs: 0 };
  const read = rig.distribution.blockRead(session, content, 0, request, { signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await expect(read).rejects.toThrow();
});
