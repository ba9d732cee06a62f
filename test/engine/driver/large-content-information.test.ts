import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SessionHandle } from '../../../src/driver/index.js';
import { MOST_IN_MEMORY } from '../../../src/engine/distribution/content/content-information-bytes.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { createRig, type Rig, TAG } from './rig.js';
import { describeSmall, SMALL, SMALL_SEGMENTS } from './small-segments.js';

const PIECE = 65_536;

/** Described by as much as one of a gigabyte usually is. */
const content = createHash('shake256', { outputLength: SMALL * SMALL_SEGMENTS })
  .update('content')
  .digest();
const information = describeSmall((index) => content.subarray(index * SMALL, (index + 1) * SMALL));

let holder: Rig;
let holding: SessionHandle;
beforeAll(async () => {
  holder = await createRig();
  const { distribution } = holder;
  holding = await distribution.startup();
  const held = await distribution.openContent(holding, { tag: TAG });
  await distribution.addContentInformation(holding, held, information, { isConstant: true });
  await distribution.completeContentInformation(holding, held);
  for (let at = 0; at < content.length; at += PIECE * 10) {
    await distribution.addData(holding, held, at, content.subarray(at, at + PIECE * 10));
  }
  await distribution.closeContent(holding, held);
});
afterAll(() => holder.remove());

/** Files of a directory that this process has open although they have no name any more. */
const nameless = (directory: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) && target.endsWith('(deleted)');
    } catch {
      return false;
    }
  }).length;

it.runIf(process.platform === 'linux')(
  'lies on disk in a file without a name while the content is open',
  async () => {
    expect(information.length).toBeGreaterThan(MOST_IN_MEMORY);
    const rig = await createRig();
    const { distribution, directory } = rig;
    const session = await distribution.startup();
    const reading = await distribution.openContent(session, { tag: TAG, peers: [holder.peer()] });
    for (let at = 0; at < information.length; at += PIECE) {
      await distribution.addContentInformation(session, reading, information.subarray(at, at + PIECE));
    }
    await distribution.completeContentInformation(session, reading);
    expect(nameless(directory)).toBe(1);
    for (const offset of [0, 5_000_123, content.length - 1_000]) {
      const found = await distribution.blockRead(session, reading, offset, { maxBytes: 1_000 });
      if (found._tag !== 'Data') throw new Error(found._tag);
      expect(found.bytes.length).toBeGreaterThan(0);
      expect(content.subarray(offset, offset + found.bytes.length).equals(found.bytes)).toBe(true);
    }
    await distribution.closeContent(session, reading);
    expect(nameless(directory)).toBe(0);
    await rig.remove();
  },
);

it('is refused with the reason when there is no room for it', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const rig = await createRig({
    openStore: (directory) =>
      openContentStore({
        directory,
        serverSecret: Buffer.from('a secret'),
        disk: { ...nodeDisk, write: () => Promise.reject(full) },
      }),
  });
  const { distribution } = rig;
  const session = await distribution.startup();
  const reading = await distribution.openContent(session, { tag: TAG });
  await expect(distribution.addContentInformation(session, reading, information)).rejects.toMatchObject({
    symbol: 'ERROR_DISK_FULL',
  });
  await expect(distribution.completeContentInformation(session, reading)).rejects.toMatchObject({
    symbol: 'ERROR_DISK_FULL',
  });
  await distribution.closeContent(session, reading);
  await distribution.shutdown(session);
  await rig.remove();
});
