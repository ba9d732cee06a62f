import { createHash } from 'node:crypto';
import type { SegmentHash } from '../../ports.js';
import { hashBlock, HASH_LENGTHS } from '../../wire/index.js';

/** Whole blocks that are being hashed. */
export interface HashingTask {
  /** The bytes may change again. Never rejects. */
  readonly accepted: Promise<void>;
  /** The hashes of the blocks, one after the other. */
  readonly hashes: Promise<Buffer>;
}

/** Hashes blocks: on this thread, or on others. */
export interface BlockHasher {
  /** How many tasks are worth having under way. */
  readonly concurrency: number;
  /** @param lengths of the blocks that `bytes` consists of. */
  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask;
  /** Waits for the tasks under way. */
  close(): Promise<void>;
}

const hashBlocks = (hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): Buffer => {
  let at = 0;
  const hashes = lengths.map((length) => {
    at += length;
    return hashBlock(hash, bytes.subarray(at - length, at));
  });
  return Buffer.concat(hashes);
};

/** Hashes on this thread, at once. */
export const inlineHasher: BlockHasher = {
  // While one piece is being written the next one is hashed.
  concurrency: 2,
  start: (hash, bytes, lengths) => ({
    accepted: Promise.resolve(),
    hashes: Promise.resolve(hashBlocks(hash, bytes, lengths)),
  }),
  close: () => Promise.resolve(),
};

/** The function of node:crypto behind a hash, which may be cut. */
export const algorithmOf = (hash: SegmentHash): string => (hash === 'truncated-sha512' ? 'sha512' : hash);

/** A block that is hashed as it comes. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export const startHash = (hash: SegmentHash): RunningHash => {
  const running = createHash(algorithmOf(hash));
  return {
    update: (bytes) => void running.update(bytes),
    digest: () => running.digest().subarray(0, HASH_LENGTHS[hash]),
  };
};
