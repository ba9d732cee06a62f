/** Why a file is no cache package that can be used. */
export type CachePackageErrorCode =
  | 'NOT_A_PACKAGE'
  | 'UNKNOWN_VERSION'
  | 'TRUNCATED'
  | 'MALFORMED'
  | 'WRONG_BYTES'
  | 'WRONG_CHECKSUM'
  | 'TRAILING_DATA';

/** The only thing that reading a cache package throws because of what it reads. */
export class CachePackageError extends Error {
  constructor(
    readonly code: CachePackageErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'CachePackageError';
  }
}
