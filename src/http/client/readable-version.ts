import { promiseOf } from '../../effects/effect.js';
import type { PeerEnv } from '../../effects/env.js';
import { type DistributionSession, getDistributionStatusInfo } from '../../effects/session.js';

/** The highest version of content information that the service reads now; `undefined` if it is not available. */
export const readableVersion = async (
  session: DistributionSession,
  env: PeerEnv,
): Promise<1 | 2 | undefined> => {
  const info = await promiseOf(getDistributionStatusInfo(session)(env));
  if (info.status !== 'available') return undefined;
  return info.maxVersion >= 2 ? 2 : 1;
};
