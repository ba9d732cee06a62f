import { join } from 'node:path';
import type { SegmentInfo } from '../ports.js';
import { blockCount, deriveSegmentId, hashOfBlockHashes, versionOf } from '../wire/index.js';
import { sourceOfPublication, type BlockFile } from './block-file.js';
import { BlockTrust } from './block-trust.js';
import type { Disk } from './disk.js';
import { publicationOfHolder, type SegmentPaths } from './layout.js';
import { decodeReference } from './reference-codec.js';

/**
 * Opens the files that publications of a segment were made from.
 *
 * @param onChange told of the publication, by its name in the file system, whose file has other bytes.
 * @returns `undefined` in place of what cannot be opened now.
 */
export const openSources = (
  disk: Disk,
  { holders }: SegmentPaths,
  info: SegmentInfo,
  onChange: (publication: string) => void,
): readonly (BlockFile | undefined)[] => {
  try {
    return disk.listNow(holders).flatMap((holder) => {
      const publication = publicationOfHolder(holder);
      const record = publication === undefined ? undefined : disk.readWhole(join(holders, holder));
      const reference = record === undefined ? undefined : decodeReference(record);
      if (publication === undefined || reference === undefined) return [];
      const { source, start, isSettled } = reference;
      const fd = openUnchecked(disk, source.path);
      if (fd === undefined) return [undefined];
      const trust = new BlockTrust(isSettled && isProven(info) ? source.version : undefined);
      return [sourceOfPublication({ fd, start }, trust, () => onChange(publication))];
    });
  } catch {
    return [undefined];
  }
};

/** Whatever is in the file: blocks are checked when they are read. */
const openUnchecked = (disk: Disk, path: string): number | undefined => {
  try {
    return disk.version(path) === undefined ? undefined : disk.openToRead(path);
  } catch {
    // No permission, a disk that is away.
    return undefined;
  }
};

/** Whether the block hashes are the ones that the id was made of, and not what somebody claims. */
const isProven = ({ id, hash, hashOfData, secret, length, blockHashes }: SegmentInfo): boolean => {
  const [only] = blockHashes;
  if (only === undefined || blockHashes.length !== blockCount({ hash, length })) return false;
  const data = versionOf(hash) === 2 ? only : hashOfBlockHashes(hash, blockHashes);
  return isEqual(data, hashOfData) && isEqual(deriveSegmentId(hash, secret, hashOfData), id);
};

const isEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
