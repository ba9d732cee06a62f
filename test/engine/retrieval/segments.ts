import type { BlockSource, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  BLOCK_LENGTH,
  deriveServerKey,
  describeSegment,
  hashBlock,
} from '../../../src/engine/distribution/wire/index.js';
import { cut, generateContent } from '../wire/content.js';

export interface Segment {
  readonly info: SegmentInfo;
  readonly blocks: readonly Buffer[];
}

/** A published segment of `length` bytes; another `secret` makes another segment of the same bytes. */
export const segmentOf = (length: number, secret = 'secret'): Segment => {
  const blocks = cut(generateContent(length), BLOCK_LENGTH);
  const serverKey = deriveServerKey('sha256', Buffer.from(secret));
  const blockHashes = blocks.map((block) => hashBlock('sha256', block));
  return { info: describeSegment({ hash: 'sha256', serverKey, length, blockHashes }), blocks };
};

/** A source that holds `segments`, but of their blocks only those that `has` lets pass. */
export const memorySource = (
  segments: readonly Segment[],
  has: (index: number) => boolean = () => true,
): BlockSource => ({
  find: (id) => {
    const segment = segments.find(({ info }) => Buffer.compare(info.id, id) === 0);
    if (segment === undefined) return undefined;
    return {
      info: segment.info,
      has,
      read: async (index) => segment.blocks[index],
      lend: async (index, use) => {
        const block = segment.blocks[index];
        return block === undefined ? undefined : use(block);
      },
      write: async () => undefined,
    };
  },
});
