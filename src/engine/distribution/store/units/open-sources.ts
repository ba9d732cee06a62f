import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { publicationOfHolder, type UnitPaths } from '../layout.js';
import { sourceOfPublication, type BlockFile } from './block-file.js';
import { BlockTrust } from './block-trust.js';
import { openUnchecked } from './open-unchecked.js';
import { decodeReference } from './reference-codec.js';

/**
 * Opens the files that publications of a unit were made from.
 *
 * @param onChange told of the publication, by its name in the file system, whose file has other bytes.
 * @returns `undefined` in place of what cannot be opened now.
 */
export const openSources = (
  disk: Disk,
  { holders }: UnitPaths,
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
      const trust = new BlockTrust(isSettled ? source.version : undefined);
      return [sourceOfPublication({ fd, start }, trust, () => onChange(publication))];
    });
  } catch {
    return [undefined];
  }
};
