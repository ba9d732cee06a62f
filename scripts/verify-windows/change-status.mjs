import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Skip } from './outcome.mjs';

const [DISABLED, AVAILABLE, AT_ONCE] = [0, 2, 0xffff_ffff];

/** BranchCache of this machine, for an administrator; it is in distributed mode afterwards. */
const byNetsh = () => {
  const set = (mode) =>
    execFileSync('netsh.exe', ['branchcache', 'set', 'service', `mode=${mode}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  return { on: () => set('DISTRIBUTED'), off: () => set('DISABLED') };
};

/** The simulated PeerDist.dll, which has a function for it. */
const bySimulator = ({ built, libraries }) => {
  const koffi = createRequire(join(built.directory, 'package.json'))('koffi');
  const set = koffi
    .load(libraries.peerdist)
    .func('void SimPeerDist_SetStatus(uint32_t status, uint32_t delay)');
  return { on: () => set(AVAILABLE, AT_ONCE), off: () => set(DISABLED, AT_ONCE) };
};

/** How the status of the service is turned on and off. */
export const changeStatus = async (context) => {
  if (context.flip === 'netsh') return byNetsh();
  if (context.flip === 'simulator' && context.libraries?.peerdist !== undefined) return bySimulator(context);
  throw new Skip(`--flip ${context.flip} is not possible here`);
};
