import type { DistributionDriver } from '../driver/index.js';
import { Unsupported } from './failure.js';
import type { MakeMember } from './members.js';

type Members = 'observe' | 'report' | 'getCounters' | 'explainContent';

/** What happens inside the service. PeerDist.dll hands nothing of it out. */
export const insightMembers = (member: MakeMember): Pick<DistributionDriver, Members> => ({
  observe: () => () => undefined,

  report: () => undefined,

  getCounters: member('getCounters', () => {
    throw new Unsupported(
      'BranchCache counts for the whole machine: see its performance counters, or use the embedded engine',
    );
  }),

  explainContent: member('explainContent', () => {
    throw new Unsupported('BranchCache does not tell where its bytes come from; the embedded engine does');
  }),
});
