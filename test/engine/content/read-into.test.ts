import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DistributionDriver, SessionHandle } from '../../../src/driver/index.js';
import { createRig, openContent, publish, type Rig } from '../driver/rig.js';

const BLOCK = 65_536;

describe('reading into memory of the caller', () => {
  const content = randomBytes(4 * BLOCK + 1_234);
  let publisher: Rig;
  let reader: Rig;
  let distribution: DistributionDriver;
  let session: SessionHandle;
  let information: Buffer;

  beforeEach(async () => {
    publisher = await createRig();
    reader = await createRig();
    distribution = reader.distribution;
    const publishing = await publisher.distribution.startup();
    session = await distribution.startup();
    information = await publish(publisher.distribution, publishing, 'a', content);
  });
  afterEach(async () => {
    await publisher.remove();
    await reader.remove();
  });

  /** Reads to the end with the same memory; how many answers lay in it, and how many did not. */
  const readAll = async (into: Buffer, maxBytes: number, peers: readonly string[]) => {
    const handle = await openContent(distribution, session, information, peers);
    const copy = Buffer.alloc(content.length);
    const answers = { inside: 0, outside: 0 };
    for (;;) {
      const read = await distribution.streamRead(session, handle, { maxBytes, into });
      if (read._tag === 'End') break;
      if (read._tag !== 'Data') throw new Error(read._tag);
      copy.set(read.bytes, read.offset);
      const isInside = read.bytes.buffer === into.buffer && read.bytes.byteOffset === into.byteOffset;
      answers[isInside ? 'inside' : 'outside'] += 1;
    }
    await distribution.closeContent(session, handle);
    return { isRight: copy.equals(content), ...answers };
  };

  it('puts every answer there, from peers and from the cache, and touches nothing around it', async () => {
    const around = Buffer.alloc(3 * BLOCK, 0xee);
    const into = around.subarray(BLOCK, 2 * BLOCK);
    expect(await readAll(into, BLOCK, [publisher.peer()])).toMatchObject({ isRight: true, outside: 0 });
    expect(await readAll(into, BLOCK, [])).toMatchObject({ isRight: true, outside: 0 });
    const untouched = Buffer.alloc(BLOCK, 0xee);
    expect(untouched.equals(around.subarray(0, BLOCK))).toBe(true);
    expect(untouched.equals(around.subarray(2 * BLOCK))).toBe(true);
  });

  it('leaves memory alone that an answer does not fit in', async () => {
    const into = Buffer.alloc(100, 0xee);
    expect(await readAll(into, BLOCK, [publisher.peer()])).toMatchObject({ isRight: true, inside: 0 });
    expect(into.equals(Buffer.alloc(100, 0xee))).toBe(true);
  });

  it('refuses what is no memory', async () => {
    const handle = await openContent(distribution, session, information);
    const into = 'a string' as unknown as Uint8Array;
    await expect(distribution.streamRead(session, handle, { maxBytes: 1, into })).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
  });
});
