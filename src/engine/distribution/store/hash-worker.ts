import type { hash as digest } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { HashName } from '../ports.js';
import { BLOCK_LENGTH } from '../wire/index.js';

/** Whole blocks in shared memory that are to be hashed. */
export interface HashJob {
  readonly id: number;
  readonly hash: HashName;
  readonly bytes: Uint8Array;
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
const serveHashJobs = (port: MessagePort, hashOf: typeof digest, blockLength: number): void => {
  port.on('message', ({ id, hash, bytes }: HashJob) => {
    try {
      const hashes: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += blockLength) {
        hashes.push(hashOf(hash, bytes.subarray(at, at + blockLength), 'buffer'));
      }
      // A copy of its own: of a Buffer the whole slab that it lies in would be sent.
      port.postMessage({ id, hashes: Uint8Array.from(Buffer.concat(hashes)) } satisfies HashReply);
    } catch (thrown) {
      port.postMessage({ id, error: String(thrown) } satisfies HashReply);
    }
  });
};

/** What a worker runs, as CommonJS, which `eval` workers are whatever the program around them is. */
export const HASH_WORKER_SOURCE = `(${serveHashJobs.toString()})(
  require('node:worker_threads').parentPort,
  require('node:crypto').hash,
  ${BLOCK_LENGTH},
);`;
