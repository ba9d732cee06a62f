import { effects } from 'peerweave';
import { readJournal } from 'peerweave/engine';
import { formatEndpoint } from './endpoint.js';
import { formatBytes } from './output.js';

/** What all processes with the same data have done together. */
export interface Done {
  readonly counters: effects.DistributionCounters;
  /** How many of them are counted, and how many of those still run. */
  readonly processes: number;
  readonly running: number;
  /** Where peers can reach those. */
  readonly endpoints: readonly string[];
}

/** Sums up what processes did with a data directory; `undefined` if none did anything. */
export const readDone = async (dataDir: string): Promise<Done | undefined> => {
  const entries = await readJournal(dataDir);
  return entries.length === 0
    ? undefined
    : {
        counters: effects.addCounters(entries.map(({ counters }) => counters)),
        processes: entries.length,
        running: entries.filter(({ running }) => running).length,
        endpoints: entries.flatMap(({ running, endpoint }) =>
          running && endpoint !== undefined ? [formatEndpoint(endpoint)] : [],
        ),
      };
};

/** The counters as a document, also under the names of the performance counters of Windows. */
export const documentOf = ({ counters, processes, running, endpoints }: Done): object => ({
  counters,
  performanceCounters: effects.performanceCounters(counters),
  hitRatio: effects.hitRatio(counters),
  processes,
  running,
  endpoints,
});

/** The counters in a few lines; what never happened is left out. */
export const linesOf = ({ counters, processes, running, endpoints }: Done): readonly string[] => {
  const ratio = effects.hitRatio(counters);
  const read = (
    [
      ['the cache', counters.bytesFromLocalCache],
      ['peers', counters.bytesFromPeers],
      ['hosted caches', counters.bytesFromHostedCache],
      ['the origin', counters.bytesFromOrigin],
    ] as const
  ).filter(([, bytes]) => bytes > 0);
  const counted = (
    [
      ['served', counters.bytesServed === 0 ? '' : formatBytes(counters.bytesServed)],
      ['requests refused', counters.requestsRefused],
      ['blocks rejected', counters.blocksRejected],
      ['peers struck out', counters.strikeOuts],
    ] as const
  ).filter(([, value]) => value !== '' && value !== 0);
  return [
    ...(read.length === 0
      ? []
      : [`read: ${read.map(([source, bytes]) => `${formatBytes(bytes)} from ${source}`).join(', ')}`]),
    ...(ratio === undefined ? [] : [`hit ratio: ${Math.round(100 * ratio)} %`]),
    ...counted.map(([what, value]) => `${what}: ${value}`),
    `by ${processes} ${processes === 1 ? 'process' : 'processes'}, of which ${running} ${running === 1 ? 'runs' : 'run'}`,
    ...endpoints.map((endpoint) => `peers are served at ${endpoint}`),
  ];
};
