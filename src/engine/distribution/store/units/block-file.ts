import type { Disk } from '../disk/disk.js';
import type { BlockTrust } from './block-trust.js';
import type { UnitFiles } from './unit-files.js';

/** An open file with blocks of a unit. */
export interface BlockFile {
  readonly fd: number;
  /** Where the unit begins in it. */
  readonly start: number;
  readonly trust: BlockTrust;
  /** Whether it is the store's, and blocks are written to it. */
  readonly isOurs: boolean;
  /** Whether it should have a block. */
  readonly has: (index: number) => boolean;
  /** It has not, or has other bytes. */
  readonly forget: (index: number) => void;
}

const NOT_HERE = Uint8Array.of(0);

/**
 * The data file of a unit, or the retrieved file that it lies in.
 *
 * @param present one byte per block, 1 if it is here: the file open as `blocks`, as of the last look at it.
 */
export const copyOfOurs = (
  disk: Disk,
  { data, blocks, start }: UnitFiles & { readonly data: number },
  present: Uint8Array,
  trust: BlockTrust,
): BlockFile => ({
  fd: data,
  start,
  trust,
  isOurs: true,
  has: (index) => present[index] === 1,
  forget: (index) => {
    disk.writeNow(blocks, NOT_HERE, index);
    present.set(NOT_HERE, index);
  },
});

/** A file outside of the store that a publication was made from. Nothing is ever written to it. */
export const sourceOfPublication = (
  place: Pick<BlockFile, 'fd' | 'start'>,
  trust: BlockTrust,
  onChange: () => void,
): BlockFile => {
  const lost = new Set<number>();
  return {
    ...place,
    trust,
    isOurs: false,
    has: (index) => !lost.has(index),
    forget: (index) => {
      lost.add(index);
      onChange();
    },
  };
};
