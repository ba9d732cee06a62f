import type { HashName } from '../ports.js';
import { BLOCK_LENGTH, hashBlock } from '../wire/index.js';

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
  /** @param bytes whole blocks, or the short last one of a content. */
  start(hash: HashName, bytes: Uint8Array): HashingTask;
  /** Waits for the tasks under way. */
  close(): Promise<void>;
}

/** The hashes of the blocks that `bytes` consists of, one after the other. */
const hashBlocks = (hash: HashName, bytes: Uint8Array): Buffer => {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_LENGTH) {
    hashes.push(hashBlock(hash, bytes.subarray(at, at + BLOCK_LENGTH)));
  }
  return Buffer.concat(hashes);
};

/** Hashes on this thread, at once. */
export const inlineHasher: BlockHasher = {
  // While one piece is being written the next one is hashed.
  concurrency: 2,
  start: (hash, bytes) => ({
    accepted: Promise.resolve(),
    hashes: Promise.resolve(hashBlocks(hash, bytes)),
  }),
  close: () => Promise.resolve(),
};
