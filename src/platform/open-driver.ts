import { Disposal, type Driver, type SupportReport } from '../driver/index.js';
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
 * apart. `prefer: 'windows'` takes Windows even where it will answer `Unsupported`. Rejects for nothing but options that
 * are none, with a TypeError; those of the engine if it is taken.
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
  if (!PREFERENCES.includes(prefer))
    throw new TypeError(`openDriver: prefer must be one of ${PREFERENCES.join(', ')}`);
  const choose = prefer === 'auto' ? choiceBy(await probeWindows()) : () => askedFor(prefer);
  const [grouping, distribution] = [choose('grouping service'), choose('distribution service')];
  const windows = createWindowsDriver();
  const engine = [grouping, distribution].some(({ uses }) => uses === 'engine')
    ? createEngineDriver(engineOptions)
    : undefined;
  const driverOf = ({ uses }: DriverChoice): Driver => (uses === 'engine' ? (engine ?? windows) : windows);
  return { driver: combine(driverOf(grouping), driverOf(distribution)), grouping, distribution, engine };
};

const PREFERENCES: readonly NonNullable<OpenDriverOptions['prefer']>[] = ['auto', 'windows', 'engine'];

const askedFor = (uses: DriverChoice['uses']): DriverChoice => ({ uses, because: 'it was asked for' });

const choiceBy =
  (report: SupportReport) =>
  (service: 'grouping service' | 'distribution service'): DriverChoice => {
    const obstacle = obstacleIn(report, service);
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
const combine = (groups: Driver, contents: Driver): Driver => {
  if (groups === contents) return groups;
  const disposal = new Disposal();
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
    dispose: () =>
      disposal.run(async () => {
        await contents.dispose();
        await groups.dispose();
      }),
    disposal,
  };
};
