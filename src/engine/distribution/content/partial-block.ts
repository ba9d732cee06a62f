interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A block of which only parts have been added so far. */
export interface PartialBlock {
  readonly bytes: Buffer;
  /** What is filled in: apart from one another, in no order. */
  readonly filled: readonly Interval[];
}

/** `block` (or an empty one of `length` bytes) with a piece put in at `offset`. The piece is copied. */
export const withPiece = (
  block: PartialBlock | undefined,
  length: number,
  offset: number,
  piece: Uint8Array,
): PartialBlock => {
  const bytes = block === undefined ? Buffer.alloc(length) : Buffer.from(block.bytes);
  bytes.set(piece, offset);
  let merged: Interval = { from: offset, to: offset + piece.length };
  const filled: Interval[] = [];
  for (const interval of block?.filled ?? []) {
    if (interval.to < merged.from || interval.from > merged.to) filled.push(interval);
    else merged = { from: Math.min(interval.from, merged.from), to: Math.max(interval.to, merged.to) };
  }
  return { bytes, filled: [...filled, merged] };
};

/** Whether nothing is missing any more. */
export const isWhole = ({ bytes, filled }: PartialBlock): boolean =>
  filled.some(({ from, to }) => from === 0 && to === bytes.length);
