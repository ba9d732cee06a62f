import type { FileVersion } from '../../../../driver/index.js';
import type { Publication } from '../../ports.js';
import { blockLength, hashBlock } from '../../wire/index.js';
import type { Disk } from '../disk/disk.js';
import { isSameVersion } from '../disk/file-version.js';

/** The most that blocks read together have. */
const PIECE_LENGTH = 1024 * 1024;

interface ExpectedBlock {
  readonly length: number;
  readonly matches: (bytes: Uint8Array) => boolean;
}

/**
 * Whether a file holds the bytes of a publication: all of it is read and hashed, a megabyte at a time.
 *
 * @param version the file's; another one does not.
 * @param goOn asked before each megabyte.
 */
export const holdsBytesOf = async (
  disk: Disk,
  file: { readonly path: string; readonly version: FileVersion },
  publication: Publication,
  goOn: () => boolean,
): Promise<boolean> => {
  if (file.version.size !== BigInt(publication.length)) return false;
  const fd = disk.openToRead(file.path);
  if (fd === undefined) return false;
  try {
    const memory = Buffer.allocUnsafeSlow(PIECE_LENGTH);
    let position = 0;
    for (const blocks of inPieces(publication)) {
      if (!goOn()) return false;
      const length = blocks.reduce((sum, block) => sum + block.length, 0);
      if ((await disk.read(fd, memory.subarray(0, length), position)) < length) return false;
      if (!matchesAll(blocks, memory)) return false;
      position += length;
    }
    const version = disk.version(fd);
    return version !== undefined && isSameVersion(version, file.version);
  } finally {
    disk.close(fd);
  }
};

const matchesAll = (blocks: readonly ExpectedBlock[], memory: Buffer): boolean => {
  let at = 0;
  return blocks.every(({ length, matches }) => {
    at += length;
    return matches(memory.subarray(at - length, at));
  });
};

function* inPieces({ segments }: Publication): Generator<readonly ExpectedBlock[]> {
  let piece: ExpectedBlock[] = [];
  let length = 0;
  for (const block of blocksOf(segments)) {
    if (length + block.length > PIECE_LENGTH) {
      yield piece;
      piece = [];
      length = 0;
    }
    piece.push(block);
    length += block.length;
  }
  if (piece.length > 0) yield piece;
}

function* blocksOf(segments: Publication['segments']): Generator<ExpectedBlock> {
  for (const info of segments) {
    const algorithm = info.hash;
    for (const [index, hash] of info.blockHashes.entries()) {
      const expected = Buffer.from(hash);
      yield {
        length: blockLength(info, index),
        matches: (bytes) => hashBlock(algorithm, bytes).equals(expected),
      };
    }
  }
}
