/** Where a segment lies: a segment of version 2 may do so in several units. */
export interface Place {
  /** The unit's name. */
  readonly unit: string;
  /** The segment's first block there. */
  readonly first: number;
}
