/** Hashes a block on a worker thread, prints the length of the hash and does not close anything. */
import { WorkerHasher } from '../../../src/engine/distribution/store/hashing/worker-hasher.js';

const hasher = new WorkerHasher(1, 65_536);
const { hashes } = hasher.start('sha256', new Uint8Array(65_536), [65_536]);
console.log((await hashes).length);
