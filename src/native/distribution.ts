import type { DistributionDriver } from '../driver/index.js';
import { clientMembers } from './distribution-client.js';
import { insightMembers } from './distribution-insight.js';
import { serverMembers } from './distribution-server.js';
import { statusMembers } from './distribution-status.js';
import { membersOf, type LoadRuntime } from './members.js';
import type { Sessions } from './session.js';

/** The distribution family by PeerDist.dll. */
export const createDistribution = (load: LoadRuntime, sessions: Sessions): DistributionDriver => {
  const member = membersOf('distribution', 'win32', load);
  return {
    ...statusMembers(member, sessions),
    ...serverMembers(member, sessions),
    ...clientMembers(member, sessions),
    ...insightMembers(member),
  };
};
