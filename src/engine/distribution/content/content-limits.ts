/** Bounds of one open content. */
export interface ContentLimits {
  /** Blocks of 64 KiB fetched ahead of a reader, held for it or being written. */
  readonly readAheadBlocks: number;
  /** The longest answer to one read. */
  readonly maxReadBytes: number;
  /** Blocks of which only pieces were added; one more is ERROR_NOT_ENOUGH_MEMORY. */
  readonly maxPartialBlocks: number;
  /** Bytes added before the content information is complete; more are ERROR_NOT_ENOUGH_MEMORY. */
  readonly maxEarlyBytes: number;
}

export const DEFAULT_CONTENT_LIMITS: ContentLimits = {
  readAheadBlocks: 64,
  maxReadBytes: 4 * 1024 * 1024,
  maxPartialBlocks: 64,
  maxEarlyBytes: 8 * 1024 * 1024,
};
