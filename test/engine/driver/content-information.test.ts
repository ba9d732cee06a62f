import { createCipheriv } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ContentInformationHandle,
  ContentInformationQuery,
  DistributionDriver,
  SessionHandle,
} from '../../../src/driver/index.js';
import { makeContentInformation } from '../../../src/engine/content-information.js';
import { createRig, publish, type Rig } from './rig.js';

const MIB = 2 ** 20;
const SECRET = Buffer.from('a secret of these tests');
const CONTENT_ID = Buffer.from('large');
/** Three segments of version 1; of version 2 so many that they are kept in several runs. */
const CONTENT = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16)).update(
  Buffer.alloc(70 * MIB + 5),
);
const RANGES = [
  undefined,
  { start: 0, length: 1 },
  { start: 33 * MIB + 17, length: 35 * MIB },
  { start: CONTENT.length - 1, length: 1 },
];

describe.each([1, 2] as const)(
  'content information of version %i, of a content of several units',
  (version) => {
    let rig: Rig;
    let distribution: DistributionDriver;
    let session: SessionHandle;

    beforeEach(async () => {
      rig = await createRig();
      distribution = rig.distribution;
      session = await distribution.startup();
      await publish(distribution, session, CONTENT_ID.toString(), CONTENT, { version });
    });
    afterEach(() => rig.remove());

    const open = (query: Partial<ContentInformationQuery> = {}): Promise<ContentInformationHandle> =>
      distribution.openContentInformation(session, { contentId: CONTENT_ID, ...query });

    const rest = async (handle: ContentInformationHandle, maxBytes: number): Promise<Buffer> => {
      const pieces: Uint8Array[] = [];
      for (;;) {
        const piece = await distribution.retrieveContentInformation(session, handle, maxBytes);
        if (piece.length === 0) return Buffer.concat(pieces);
        // All that was asked for, until the end.
        if (pieces.length > 0) expect(pieces.at(-1)).toHaveLength(maxBytes);
        pieces.push(piece);
      }
    };

    it.each(RANGES)('is what is made of the bytes alone: %o', async (range) => {
      const expected = await makeContentInformation([CONTENT], {
        secret: SECRET,
        range,
        ...(version === 2 ? { version } : {}),
      });
      for (const maxBytes of [997, 65_536, 100_000_000]) {
        const handle = await open({ offset: range?.start, length: range?.length });
        expect((await rest(handle, maxBytes)).equals(expected)).toBe(true);
        await distribution.closeContentInformation(session, handle);
      }
    });

    const infoFiles = (): string[] =>
      readdirSync(rig.directory, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('info'))
        .map((path) => join(rig.directory, path));

    it.each([
      ['taken back', () => distribution.unpublish(session, CONTENT_ID)],
      [
        'damaged',
        () => {
          for (const path of infoFiles()) writeFileSync(path, Buffer.alloc(3_000));
          return Promise.resolve();
        },
      ],
    ])('fails for good when the content is %s between two pieces', async (_how, end) => {
      const handle = await open();
      expect(await distribution.retrieveContentInformation(session, handle, 100)).toHaveLength(100);
      await end();
      for (const maxBytes of [100_000, 1]) {
        await expect(
          rest(handle, maxBytes),
          'what looks like the end would be taken for it',
        ).rejects.toMatchObject({ symbol: 'ERROR_NOT_FOUND' });
      }
      await distribution.closeContentInformation(session, handle);
      await expect(open()).rejects.toMatchObject({ symbol: 'ERROR_NOT_FOUND' });
    });

    it('goes on when the same bytes are published anew meanwhile', async () => {
      const whole = await rest(await open(), 65_536);
      const handle = await open();
      const first = await distribution.retrieveContentInformation(session, handle, 100);
      await distribution.unpublish(session, CONTENT_ID);
      const stream = await distribution.publishStream(session, { contentId: Buffer.from('other'), version });
      await distribution.addToStream(session, stream, CONTENT);
      await distribution.completeStream(session, stream);
      expect(Buffer.concat([first, await rest(handle, 65_536)]).equals(whole)).toBe(true);
    });
  },
);
