/** Hashes a block on a worker thread, prints the length of the hash and does not close anything. */
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { InlineHasher } from '../../../src/engine/distribution/store/hashing/inline-hasher.js';
import { WorkerHasher } from '../../../src/engine/distribution/store/hashing/worker-hasher.js';

const hasher = new WorkerHasher({ workerCount: 1, taskLength: 65_536, inline: new InlineHasher(nodeDisk) });
const { hashes } = hasher.start('sha256', new Uint8Array(65_536), [65_536]);
console.log((await hashes).length);
