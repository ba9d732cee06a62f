export type StoreFailureCode =
  /** The content id is published, or being published, by a process that still runs. */
  | 'ALREADY_EXISTS'
  /** More or fewer bytes than the publication declared. */
  | 'LENGTH_MISMATCH'
  /** The file that a publication is made from has changed since its first byte was read. */
  | 'SOURCE_CHANGED'
  /** The file that is to be filled is not there. */
  | 'NO_FILE'
  /** Something of a publication was removed or damaged since it was looked up. */
  | 'GONE'
  /** The publication or the store was closed, aborted or completed before, or an earlier append failed. */
  | 'CLOSED';

/**
 * What the store refuses by its own rules. What the file system refuses is rejected as the system error it was (ENOSPC,
 * EROFS, EACCES, ...).
 */
export class StoreFailure extends Error {
  constructor(
    readonly code: StoreFailureCode,
    message: string,
  ) {
    super(message);
    this.name = 'StoreFailure';
  }
}
