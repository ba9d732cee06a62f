import type { HashName } from './distribution/ports.js';
import {
  BLOCK_LENGTH,
  BLOCKS_PER_SEGMENT,
  type ByteRange,
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  hashBlock,
} from './distribution/wire/index.js';

/** What {@link makeContentInformation} describes, and with which keys. */
export interface MakeContentInformationOptions {
  /** The server secret. Publishers that share it produce the same segment ids. */
  readonly secret: Uint8Array;
  /** SHA-256 by default: Windows clients retrieve no other. */
  readonly hash?: HashName | undefined;
  /** Part of the content to describe; all of it by default. */
  readonly range?: ByteRange | undefined;
}

/**
 * Makes content information of version 1 without publishing anything: for a file that is served from somewhere else.
 *
 * Reads the pieces once, in order, and keeps only hashes: 32 bytes for each block of 64 KiB with SHA-256. What the
 * pieces throw is thrown on. Source: MS-PCCRC 2.2, 2.3.
 *
 * @throws RangeError for empty content or a range outside of it.
 *
 * @example
 * ```ts
 * import { makeContentInformation } from 'peerweave/engine';
 *
 * const information = await makeContentInformation([Buffer.from('hello')], { secret: Buffer.from('no more secrets') });
 * console.log(information.length); // 134 bytes: one segment with one block
 * ```
 */
export const makeContentInformation = async (
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { secret, hash = 'sha256', range }: MakeContentInformationOptions,
): Promise<Uint8Array> => {
  const serverKey = deriveServerKey(hash, secret);
  const blocks: { readonly length: number; readonly digest: Uint8Array }[] = [];
  for await (const block of inBlocks(pieces)) {
    blocks.push({ length: block.length, digest: hashBlock(hash, block) });
  }
  const segments = Array.from({ length: Math.ceil(blocks.length / BLOCKS_PER_SEGMENT) }, (_, index) => {
    const own = blocks.slice(index * BLOCKS_PER_SEGMENT, (index + 1) * BLOCKS_PER_SEGMENT);
    return describeSegment({
      hash,
      serverKey,
      length: own.reduce((sum, { length }) => sum + length, 0),
      blockHashes: own.map(({ digest }) => digest),
    });
  });
  return encodeContentInformation(contentInformationOf(segments, range));
};

/** Cuts pieces of any size into whole blocks and a last shorter one. A block is valid until the next is asked for. */
async function* inBlocks(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(BLOCK_LENGTH);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + BLOCK_LENGTH - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === BLOCK_LENGTH) {
        yield block;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
