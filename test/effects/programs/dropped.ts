/** Drops a group handle, and a Subscription that holds one; says which of them the garbage collector takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createGroup as createGroupEffect, orThrow } from '../../../src/effects/index.js';
import { createGroup } from '../../../src/streams/index.js';
import { programEnv } from './rig.js';

const { env, creatorPeerName } = await programEnv();
env.diagnostics.listen((event) => console.log(event._tag, event.kind));
const drop = async (): Promise<void> => {
  orThrow(await createGroupEffect({ creatorPeerName })(env)());
  createGroup({ creatorPeerName })(env).subscribe();
};
await drop();
for (let round = 0; round < 10; round += 1) {
  await sleep(10);
  globalThis.gc?.();
}
console.log('end');
process.exit(0);
