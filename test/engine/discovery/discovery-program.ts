import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { systemClock, type DistributionEvent } from '../../../src/driver/index.js';
import { startDiscovery } from '../../../src/engine/distribution/discovery/discovery.js';
import { openUdpNetwork } from '../../../src/engine/distribution/discovery/network/udp-network.js';
import { isServedAt } from '../../../src/engine/distribution/discovery/served-address.js';
import { holding, segmentOf } from './lan.js';

/** What the program is told when it starts. Segments go by number; odd ones are of version 1, even ones of version 2. */
export interface ProgramOptions {
  readonly port: number;
  readonly interfaces?: readonly string[];
  readonly serves?: { readonly host: string; readonly port: number; readonly segments: readonly number[] };
  readonly hearsUnicast?: boolean;
  readonly answersAnywhere?: boolean;
  readonly multicast?: boolean;
  readonly hosts?: readonly { readonly host: string; readonly port: number }[];
}

/** A line that it reads. */
export type Order =
  | { readonly find: readonly number[] }
  /** Looks for each with a Probe of its own. */
  | { readonly findEach: readonly number[] }
  | { readonly tell: true };

/** A line that it writes, one for each order. */
export interface Report {
  /** Of the first segment that was to be found, or of each. */
  readonly found?: readonly string[];
  /** Of all segments, after everybody has had the time to answer. */
  readonly known?: readonly string[];
  readonly addresses?: readonly string[];
  readonly problems?: readonly string[];
  readonly events?: readonly DistributionEvent[];
  readonly memory?: number | undefined;
}

const ANSWER_MS = 1_500;
/** The usual waiting time of responders, and some more. */
const GATHER_MS = 400;

const segment = (number: number) => segmentOf(number, number % 2 === 1 ? 1 : 2);

/** Looks for peers and answers others until its input ends; then it has to end by itself. */
const main = async (options: ProgramOptions): Promise<void> => {
  const { serves, multicast = true, hosts = [], answersAnywhere = false } = options;
  const events: DistributionEvent[] = [];
  let addresses: () => readonly string[] = () => [];
  const discovery = await startDiscovery({
    clock: systemClock,
    random: randomBytes,
    emit: (event) => events.push(event),
    // A machine that is busy with other tests must not look like one that nobody answers.
    limits: { answerTimeoutMs: ANSWER_MS, repeatAfterMs: 250, transmissions: 5 },
    openNetwork: async (onDatagram) => {
      const network = await openUdpNetwork({
        clock: systemClock,
        port: options.port,
        interfaces: options.interfaces,
        hearsMulticastAt: (local) => serves !== undefined && isServedAt(serves, local),
        hearsUnicast: options.hearsUnicast ?? false,
        onDatagram,
      });
      addresses = () => network.addresses.map(({ address }) => address);
      return network;
    },
    multicast,
    hosts,
    peers: [],
    sources: [],
    serving: serves && { source: holding(...serves.segments.map(segment)), endpoint: serves },
    answersAnywhere,
  });
  const carryOut = async (order: Order): Promise<Report> => {
    if ('tell' in order) {
      const { problems } = discovery;
      return { addresses: addresses(), problems, events, memory: process.memoryUsage.rss() };
    }
    const signal = AbortSignal.timeout(20_000);
    if ('findEach' in order) {
      const all = await Promise.all(
        order.findEach.map((number) => discovery.find([segment(number)], signal)),
      );
      return { found: all.flat() };
    }
    const segments = order.find.map(segment);
    const found = await discovery.find(segments, signal);
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    return { found, known: segments.flatMap((sought) => discovery.known(sought)) };
  };
  console.log(JSON.stringify({ addresses: addresses() } satisfies Report));
  for await (const line of createInterface(process.stdin)) {
    console.log(JSON.stringify(await carryOut(JSON.parse(line) as Order)));
  }
  await discovery.close();
};

const [options] = process.argv.slice(2);
if (options !== undefined) await main(JSON.parse(options) as ProgramOptions);
