import { BLOCK_LENGTH } from '../../wire/index.js';

/** Where blocks lie that follow one another. */
export interface BlockLayout {
  readonly count: number;
  /** Where a block starts; for `count`, where the last one ends. */
  startOf(index: number): number;
}

export const lengthOf = (layout: BlockLayout, index: number): number =>
  layout.startOf(index + 1) - layout.startOf(index);

/** Blocks of one length each but the last. */
export const evenLayout = (length: number): BlockLayout => ({
  count: Math.ceil(length / BLOCK_LENGTH),
  startOf: (index) => Math.min(index * BLOCK_LENGTH, length),
});

/** Blocks of any length. */
export const layoutOf = (lengths: readonly number[]): BlockLayout => {
  const starts = new Float64Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) starts[index + 1] = (starts[index] ?? 0) + length;
  return { count: lengths.length, startOf: (index) => starts[index] ?? 0 };
};
