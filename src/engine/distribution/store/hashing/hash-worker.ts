import type { hash as digest } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';

/** Whole blocks in shared memory that are to be hashed. */
export interface HashJob {
  readonly id: number;
  /** For node:crypto. */
  readonly algorithm: string;
  /** How much of each hash is wanted. */
  readonly hashLength: number;
  readonly bytes: Uint8Array;
  /** Of the blocks that `bytes` consists of. */
  readonly lengths: readonly number[];
}

export interface HashReply {
  readonly id: number;
  /** The hashes of the blocks, one after the other. */
  readonly hashes?: Uint8Array;
  /** Why there are none. */
  readonly error?: string;
}

/**
 * The body of a worker. It is handed to the worker as source text, so that it needs no file of its own, which a bundler
 * would have to be told about: it may use nothing but its arguments.
 */
const serveHashJobs = (port: MessagePort, hashOf: typeof digest): void => {
  port.on('message', ({ id, algorithm, hashLength, bytes, lengths }: HashJob) => {
    try {
      const hashes = new Uint8Array(lengths.length * hashLength);
      let at = 0;
      for (const [index, length] of lengths.entries()) {
        const hash = hashOf(algorithm, bytes.subarray(at, at + length), 'buffer');
        hashes.set(hash.subarray(0, hashLength), index * hashLength);
        at += length;
      }
      port.postMessage({ id, hashes } satisfies HashReply);
    } catch (thrown) {
      port.postMessage({ id, error: String(thrown) } satisfies HashReply);
    }
  });
};

/** What a worker runs, as CommonJS, which `eval` workers are whatever the program around them is. */
export const HASH_WORKER_SOURCE = `(${serveHashJobs.toString()})(
  require('node:worker_threads').parentPort,
  require('node:crypto').hash,
);`;
