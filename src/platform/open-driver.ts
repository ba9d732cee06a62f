import type { Driver, SupportReport } from '../driver/index.js';
import { createEngineDriver, type EngineDriver, type EngineOptions } from '../engine/index.js';
import { createWindowsDriver, probeWindows } from '../native/index.js';

/** Who does a part of the work, and why. */
export interface DriverChoice {
  readonly uses: 'windows' | 'engine';
  readonly because: string;
}

/** Which driver to take, and how the engine is to work if it is taken. */
export interface OpenDriverOptions {
  /** `auto` (the default) takes Windows where its DLLs and services answer, for each of the two systems by itself. */
  readonly prefer?: 'auto' | 'windows' | 'engine' | undefined;
  readonly engine?: EngineOptions | undefined;
}

/** A driver with the reasons for it. */
export interface OpenedDriver {
  readonly driver: Driver;
  readonly grouping: DriverChoice;
  readonly distribution: DriverChoice;
  /** The embedded engine, if any part uses it. */
  readonly engine: EngineDriver | undefined;
}

/**
 * Chooses and opens the driver for this machine. Nothing is loaded or started yet: that is for the first call.
 *
 * P2P.dll may be missing on new Windows and BranchCache on Home editions, so grouping and distribution are chosen
 * apart. Never rejects; `prefer: 'windows'` takes Windows even where it will answer `Unsupported`.
 *
 * @example
 * ```ts
 * import { createPeerweave, openDriver } from 'peerweave';
 *
 * const { driver, distribution } = await openDriver({ engine: { dataDir: './peerweave-data' } });
 * console.log(`content is handled by ${distribution.uses}: ${distribution.because}`);
 * const peers = createPeerweave({ driver });
 * console.log(peers.env.driver.name);
 * await driver.dispose();
 * ```
 */
export const openDriver = async ({
  prefer = 'auto',
  engine: engineOptions = {},
}: OpenDriverOptions = {}): Promise<OpenedDriver> => {
  const report = prefer === 'auto' ? await probeWindows() : undefined;
  const grouping = choose(prefer, report, 'grouping service');
  const distribution = choose(prefer, report, 'distribution service');
  const engine =
    grouping.uses === 'engine' || distribution.uses === 'engine'
      ? createEngineDriver(engineOptions)
      : undefined;
  const windows = createWindowsDriver();
  const driver = combine(
    grouping.uses === 'engine' ? engine : windows,
    distribution.uses === 'engine' ? engine : windows,
  );
  return { driver: driver ?? windows, grouping, distribution, engine };
};

const choose = (
  prefer: 'auto' | 'windows' | 'engine',
  report: SupportReport | undefined,
  service: 'grouping service' | 'distribution service',
): DriverChoice => {
  if (prefer !== 'auto') return { uses: prefer, because: 'it was asked for' };
  const obstacle = obstacleIn(report ?? { driver: 'windows', findings: [] }, service);
  return obstacle === undefined
    ? { uses: 'windows', because: `the ${service} of Windows answers` }
    : { uses: 'engine', because: obstacle };
};

/** The first thing that keeps a service of Windows from being used. */
const obstacleIn = ({ findings }: SupportReport, service: string): string | undefined => {
  const own = findings.find(({ subject }) => subject === service);
  if (own?.ok === true) return undefined;
  const first = own ?? findings.find(({ ok }) => !ok);
  return first === undefined ? `the ${service} was not found` : `${first.subject}: ${first.detail}`;
};

/** One driver out of two, each with its own half. */
const combine = (groups: Driver | undefined, contents: Driver | undefined): Driver | undefined => {
  if (groups === undefined || contents === undefined || groups === contents) return groups ?? contents;
  return {
    name: `${groups.name}+${contents.name}`,
    grouping: groups.grouping,
    identity: groups.identity,
    enumeration: groups.enumeration,
    distribution: contents.distribution,
    support: async () => ({
      driver: `${groups.name}+${contents.name}`,
      findings: [...(await groups.support()).findings, ...(await contents.support()).findings],
    }),
    dispose: async () => {
      await contents.dispose();
      await groups.dispose();
    },
  };
};
