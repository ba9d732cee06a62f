/** The files of a unit that the store keeps itself, open. */
export interface UnitFiles {
  /** `undefined`: the retrieved file that the unit lies in cannot be opened now. */
  readonly data: number | undefined;
  /** One byte for each block. */
  readonly blocks: number;
  /** Where the unit begins in `data`. */
  readonly start: number;
}
