import { createHash, hash as hashOf } from 'node:crypto';
import type { SegmentHash } from '../../ports.js';
import { HASH_LENGTHS } from '../../wire/index.js';
import { StoreFailure } from '../store-failure.js';

/** Whole blocks that are being hashed. */
export interface HashingTask {
  /** The bytes may change again. Never rejects. */
  readonly accepted: Promise<void>;
  /** The hashes of the blocks, one after the other. */
  readonly hashes: Promise<Buffer>;
}

/** A place in an open file. */
export interface FilePlace {
  readonly fd: number;
  readonly position: number;
}

/** Whole blocks that follow one another in a file. */
export interface Stretch {
  readonly from: FilePlace;
  readonly length: number;
  /** Of all blocks but the last, which may be shorter. */
  readonly blockLength: number;
  /** Where the bytes are kept as well. */
  readonly copyTo: FilePlace | undefined;
  /** Its one number is not zero any more once nobody wants the hashes. In shared memory. */
  readonly stop: Int32Array;
}

/** Hashes blocks: on this thread, or on others. */
export interface BlockHasher {
  /** How many tasks are worth having under way. */
  readonly concurrency: number;
  /** How many bytes of a file are worth being one task. */
  readonly stretchLength: number;
  /** @param lengths of the blocks that `bytes` consists of. */
  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask;
  /**
   * Reads and hashes blocks of a file; both files must stay open until it is over. Rejects with the system's error, and
   * with SOURCE_CHANGED if the file ends earlier.
   */
  hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer>;
  /** Waits for the tasks under way. */
  close(): Promise<void>;
}

/**
 * By way of strings of one byte a character, which cost half of what as many small buffers do.
 *
 * @returns the hashes of the blocks that `bytes` consists of, one after the other.
 */
export const hashBlocks = (hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): Buffer => {
  const [algorithm, hashLength] = [algorithmOf(hash), HASH_LENGTHS[hash]];
  let hashes = '';
  let at = 0;
  for (const length of lengths) {
    hashes += hashOf(algorithm, bytes.subarray(at, at + length), 'binary').slice(0, hashLength);
    at += length;
  }
  return Buffer.from(hashes, 'binary');
};

/** The lengths of the blocks of `length` bytes. */
export const blockLengthsOf = (length: number, blockLength: number): readonly number[] =>
  Array.from({ length: Math.ceil(length / blockLength) }, (_, index) =>
    Math.min(blockLength, length - index * blockLength),
  );

/** Why a stretch has no hashes. */
export const endedEarly = (): StoreFailure =>
  new StoreFailure('SOURCE_CHANGED', 'the file became shorter while it was read');

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
