/** Which bytes of a content somebody holds: one element per byte, 1 for held. */
export type Coverage = Uint8Array;

/** How many bytes from `offset` on are held without a gap. */
export const runAt = (coverage: Coverage, offset: number): number => {
  if (coverage[offset] !== 1) return 0;
  const end = coverage.indexOf(0, offset);
  return (end === -1 ? coverage.length : end) - offset;
};

/** How many bytes from `offset` on are not held; to the end if nothing follows. */
export const gapAt = (coverage: Coverage, offset: number): number => {
  const next = coverage.indexOf(1, offset);
  return (next === -1 ? coverage.length : next) - offset;
};
