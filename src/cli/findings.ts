import { probeWindows } from 'peerweave/native';
import type { effects } from 'peerweave';

type Driver = Parameters<typeof effects.createEnv>[0]['driver'];
type Report = Awaited<ReturnType<Driver['support']>>;

/** What the driver in use says of itself, and what of Windows was found where another one is used. */
export const liveFindings = async (driver: Driver): Promise<readonly Report[]> => {
  const own = await driver.support();
  return own.driver === 'windows' ? [own] : [own, await probeWindows()];
};
