/** Leaves things open and ends: by itself, by process.exit or by an uncaught error. */
import { createGroup, openContent, openSession, orThrow } from '../../../src/effects/index.js';
import { distributionStatus } from '../../../src/streams/index.js';
import { programEnv } from './rig.js';

const { env, creatorPeerName } = await programEnv();
const group = orThrow(await createGroup({ creatorPeerName })(env)());
const session = orThrow(await openSession()(env)());
const content = orThrow(await openContent(session)(env)());
// What nobody refers to is closed when the garbage collector finds it, which may be before the end.
Object.assign(globalThis, { kept: [group, content] });
distributionStatus(session).subscribe();
console.log('open');
switch (process.argv[2]) {
  case 'exit':
    process.exit(7);
    break;
  case 'throw':
    throw new Error('nobody catches this');
  default:
}
