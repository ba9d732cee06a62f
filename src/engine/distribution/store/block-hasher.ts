import type { HashName } from '../ports.js';
import { BLOCK_LENGTH, hashBlock } from '../wire/index.js';
import type { Disk } from './disk.js';
import { settled } from './in-flight.js';

/** Whole blocks on their way to disk. */
export interface HashingTask {
  /** The bytes may change again. Never rejects. */
  readonly accepted: Promise<void>;
  /** The bytes are written; the hashes of the blocks, one after the other. */
  readonly done: Promise<Buffer>;
}

/** Hashes blocks and writes them: on this thread, or on others. */
export interface BlockHasher {
  /** How many tasks are worth having under way. */
  readonly concurrency: number;
  /** @param bytes whole blocks, or the short last one of a content. */
  start(hash: HashName, fd: number, bytes: Uint8Array, position: number): HashingTask;
  /** Waits for the tasks under way. */
  close(): Promise<void>;
}

/** The hashes of the blocks that `bytes` consists of, one after the other. */
export const hashBlocks = (hash: HashName, bytes: Uint8Array): Buffer => {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_LENGTH) {
    hashes.push(hashBlock(hash, bytes.subarray(at, at + BLOCK_LENGTH)));
  }
  return Buffer.concat(hashes);
};

/** Hashes on this thread while the system writes. */
export const inlineHasher = (disk: Disk): BlockHasher => ({
  // While one piece is being written the next one is hashed.
  concurrency: 2,
  start: (hash, fd, bytes, position) => {
    const written = disk.write(fd, [bytes], position);
    const hashes = hashBlocks(hash, bytes);
    const done = written.then(() => hashes);
    return { accepted: settled(done), done };
  },
  close: () => Promise.resolve(),
});
