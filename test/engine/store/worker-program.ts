/** Hashes a block on a worker thread, prints the length of the hash and does not close anything. */
import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { nodeDisk } from '../../../src/engine/distribution/store/disk.js';
import { WorkerHasher } from '../../../src/engine/distribution/store/worker-hasher.js';

const hasher = new WorkerHasher(1, 65_536, nodeDisk);
const { done } = hasher.start('sha256', openSync(devNull, 'w'), new Uint8Array(65_536), 0);
console.log((await done).length);
