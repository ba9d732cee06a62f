import type { hash as digest } from 'node:crypto';
import type { readSync, writeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { Stretch } from './block-hasher.js';

/** Whole blocks in shared memory that are to be hashed. */
export interface BytesJob {
  readonly bytes: Uint8Array;
  /** Of the blocks that `bytes` consists of. */
  readonly lengths: readonly number[];
}

/** Blocks in shared memory, or in a file. */
export type HashJob = (BytesJob | Stretch) & {
  readonly id: number;
  /** For node:crypto. */
  readonly algorithm: string;
  /** How much of each hash is wanted. */
  readonly hashLength: number;
};

export interface HashReply {
  readonly id: number;
  /**
   * The hashes of the blocks, one after the other, a byte each character; fewer of a file that is shorter, or that
   * nobody wants any more.
   */
  readonly hashes?: string;
  /** Why there are none. */
  readonly error?: { readonly message: string; readonly code?: string | undefined };
}

/** What a worker has of Node. */
interface WorkerTools {
  readonly hash: typeof digest;
  readonly readSync: typeof readSync;
  readonly writeSync: typeof writeSync;
  /** To read into; whole blocks fit. Little, so that bytes are still in the processor's cache when they are hashed. */
  readonly memory: Buffer;
}

// The functions below are handed to the worker as source text, so that it needs no file of its own, which a bundler would
// have to be told about. They may use nothing but their arguments, and nothing that a bundler makes a call of a helper of
// its own: functions with names inside, and operators that are younger than its target, such as `??` and `?.`.

const hashBytes = (
  { bytes, lengths, algorithm, hashLength }: BytesJob & HashJob,
  { hash }: WorkerTools,
): string => {
  let hashes = '';
  let at = 0;
  for (const length of lengths) {
    hashes += hash(algorithm, bytes.subarray(at, at + length), 'binary').slice(0, hashLength);
    at += length;
  }
  return hashes;
};

const hashFile = (
  { from, length, blockLength, copyTo, stop, algorithm, hashLength }: Stretch & HashJob,
  { hash, readSync: read, writeSync: write, memory }: WorkerTools,
): string => {
  // Made once: there are as many blocks as hashes.
  const blocks: Uint8Array[] = [];
  for (let end = blockLength; end <= memory.length; end += blockLength) {
    blocks.push(memory.subarray(end - blockLength, end));
  }
  let hashes = '';
  for (let at = 0; at < length && Atomics.load(stop, 0) === 0;) {
    const wanted = Math.min(memory.length, length - at);
    let size = 0;
    for (let got = -1; got !== 0 && size < wanted; size += got) {
      got = read(from.fd, memory, size, wanted - size, from.position + at + size);
    }
    if (size < wanted) break;
    const whole = Math.floor(size / blockLength);
    for (const block of blocks.slice(0, whole)) {
      hashes += hash(algorithm, block, 'binary').slice(0, hashLength);
    }
    if (whole * blockLength < size) {
      hashes += hash(algorithm, memory.subarray(whole * blockLength, size), 'binary').slice(0, hashLength);
    }
    for (let done = 0; copyTo !== undefined && done < size;) {
      done += write(copyTo.fd, memory, done, size - done, copyTo.position + at + done);
    }
    at += size;
  }
  return hashes;
};

const serveHashJobs = (
  port: MessagePort,
  tools: WorkerTools,
  ofBytes: typeof hashBytes,
  ofFile: typeof hashFile,
): void => {
  port.on('message', (job: HashJob) => {
    const { id } = job;
    try {
      const hashes = 'bytes' in job ? ofBytes(job, tools) : ofFile(job, tools);
      port.postMessage({ id, hashes } satisfies HashReply);
    } catch (thrown) {
      const { message, code } = thrown as NodeJS.ErrnoException;
      port.postMessage({ id, error: { message, code } } satisfies HashReply);
    }
  });
};

const MEMORY_LENGTH = 256 * 1024;

/** What a worker runs, as CommonJS, which `eval` workers are whatever the program around them is. */
export const HASH_WORKER_SOURCE = `
const { readSync, writeSync } = require('node:fs');
const { hash } = require('node:crypto');
const memory = Buffer.allocUnsafeSlow(${MEMORY_LENGTH});
(${serveHashJobs.toString()})(
  require('node:worker_threads').parentPort,
  { hash, readSync, writeSync, memory },
  ${hashBytes.toString()},
  ${hashFile.toString()},
);`;
